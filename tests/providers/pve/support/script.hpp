#pragma once

#include "providers/async/host.hpp"
#include "providers/core/api.hpp"

#include <deque>
#include <string>
#include <vector>

namespace pveplan::pve::test {

/// A server that expects exactly these requests in this order. The test asks at its end whether
/// all of them came, and nothing else: REQUIRE(server.faults() == "").
class ScriptedServer final : public async::Transport {
 public:
  /// Expects a request. `target` is the path below /api2/json with its query as sent; `form` is the
  /// decoded body, "a=1 b=2", or "*" for any.
  ScriptedServer& expect(std::string method, std::string target, std::string form = "");
  /// How the last expected one is answered; without a call 200 and {"data":null}.
  ScriptedServer& answer(std::string json_body);
  ScriptedServer& fail(int status, std::string reason, std::string json_body = "");
  ScriptedServer& lose(async::Delivery delivery, std::string error);
  ScriptedServer& pin_mismatch(std::string seen);
  /// The Date header of the last one, seconds after the first of January 2026.
  ScriptedServer& at(int seconds);

  async::Task<async::HttpReply> exchange(async::HttpRequest request) override;

  /// What went against the script, a line each.
  std::string faults() const;
  const std::vector<async::HttpRequest>& requests() const { return requests_; }

 private:
  struct Step {
    std::string method, target, form;
    async::HttpReply reply;
  };
  std::deque<Step> steps_;
  std::string faults_;
  std::vector<async::HttpRequest> requests_;
};

}  // namespace pveplan::pve::test
