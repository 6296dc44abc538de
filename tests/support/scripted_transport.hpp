#pragma once

#include "providers/async/host.hpp"

#include <chrono>
#include <deque>
#include <string>
#include <vector>

namespace pveplan::sim {

/// One expected request and its answer.
class Exchange {
 public:
  Exchange(std::string the_method, std::string the_target)
      : method(the_method), target(the_target) {}

  std::string method;
  std::string target;                       ///< the URL's end: "/api2/json/version"
  std::optional<std::string> request_body;  ///< compared when given
  async::HttpReply reply;
  std::chrono::nanoseconds duration{0};

  Exchange& with_body(std::string body);
  Exchange& answers(int status, std::string body, std::string reason = "OK");
  Exchange& fails(async::Delivery delivery, std::string error);
  Exchange& takes(std::chrono::nanoseconds time);
};

/// Answers requests in the order in which they were written down. A request that was not expected,
/// and one that never came, fail the test.
class ScriptedTransport : public async::Transport {
 public:
  ScriptedTransport() = default;
  ~ScriptedTransport() override;
  ScriptedTransport(const ScriptedTransport&) = delete;
  ScriptedTransport& operator=(const ScriptedTransport&) = delete;

  Exchange& expect(std::string method, std::string target);
  async::Task<async::HttpReply> exchange(async::HttpRequest request) override;

  const std::vector<async::HttpRequest>& requests() const { return requests_; }
  /// What went wrong so far, with what is still expected. Looking at it here takes it out of the
  /// destructor's check.
  std::vector<std::string> take_problems();

 private:
  std::deque<Exchange> expected_;
  std::vector<async::HttpRequest> requests_;
  std::vector<std::string> problems_;
};

}  // namespace pveplan::sim
