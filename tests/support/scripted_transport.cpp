#include "tests/support/scripted_transport.hpp"

#include "providers/async/sleep.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace pveplan::sim {

Exchange& Exchange::with_body(std::string body) {
  request_body = std::move(body);
  return *this;
}

Exchange& Exchange::answers(int status, std::string body, std::string reason) {
  reply.delivery = async::Delivery::answered;
  reply.status = status;
  reply.reason = std::move(reason);
  reply.body = std::move(body);
  return *this;
}

Exchange& Exchange::fails(async::Delivery delivery, std::string error) {
  reply = async::HttpReply();
  reply.delivery = delivery;
  reply.error = std::move(error);
  return *this;
}

Exchange& Exchange::takes(std::chrono::nanoseconds time) {
  duration = time;
  return *this;
}

ScriptedTransport::~ScriptedTransport() {
  if (std::uncaught_exceptions() > 0) return;
  for (const std::string& problem : take_problems()) {
    UNSCOPED_INFO(problem);
    CHECK(problem.empty());
  }
}

std::vector<std::string> ScriptedTransport::take_problems() {
  for (const Exchange& missing : std::exchange(expected_, {})) {
    problems_.push_back(fmt::format("never came: {} {}", missing.method, missing.target));
  }
  return std::exchange(problems_, {});
}

Exchange& ScriptedTransport::expect(std::string method, std::string target) {
  return expected_.emplace_back(std::move(method), std::move(target)).answers(200, "");
}

async::Task<async::HttpReply> ScriptedTransport::exchange(async::HttpRequest request) {
  requests_.push_back(request);
  const bool matches = !expected_.empty() && expected_.front().method == request.method &&
                       request.url.ends_with(expected_.front().target) &&
                       expected_.front().request_body.value_or(request.body) == request.body;
  if (!matches) {
    problems_.push_back(
        fmt::format("not expected: {} {} {}", request.method, request.url, request.body));
    async::HttpReply refused;
    refused.error = "the test did not expect this request";
    co_return refused;
  }
  const Exchange next = std::move(expected_.front());
  expected_.pop_front();
  co_await async::sleep_for(next.duration);
  co_return next.reply;
}

}  // namespace pveplan::sim
