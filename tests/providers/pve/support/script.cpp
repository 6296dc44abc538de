#include "tests/providers/pve/support/script.hpp"

#include "providers/pve/client/server_time.hpp"

#include <fmt/format.h>

namespace pveplan::pve::test {
namespace {

async::HttpReply ok(std::string body) {
  async::HttpReply reply;
  reply.delivery = async::Delivery::answered;
  reply.status = 200;
  reply.reason = "OK";
  reply.body = std::move(body);
  reply.headers = {{"content-type", "application/json;charset=UTF-8"}};
  return reply;
}

std::string decoded(const std::string& form) {
  std::string result;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '%') {
      result += static_cast<char>(std::stoi(form.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      result += form[i] == '&' ? ' ' : form[i];
    }
  }
  return result;
}

}  // namespace

ScriptedServer& ScriptedServer::expect(std::string method, std::string target, std::string form) {
  steps_.push_back({std::move(method), std::move(target), std::move(form), ok(R"({"data":null})")});
  return *this;
}

ScriptedServer& ScriptedServer::answer(std::string json_body) {
  steps_.back().reply.body = std::move(json_body);
  return *this;
}

ScriptedServer& ScriptedServer::fail(int status, std::string reason, std::string json_body) {
  auto& reply = steps_.back().reply;
  if (json_body.empty()) reply.headers.clear();
  reply.status = status;
  reply.reason = std::move(reason);
  reply.body = std::move(json_body);
  return *this;
}

ScriptedServer& ScriptedServer::lose(async::Delivery delivery, std::string error) {
  steps_.back().reply = async::HttpReply();
  steps_.back().reply.delivery = delivery;
  steps_.back().reply.error = std::move(error);
  return *this;
}

ScriptedServer& ScriptedServer::pin_mismatch(std::string seen) {
  lose(async::Delivery::not_sent, "certificate refused");
  steps_.back().reply.seen_fingerprint = std::move(seen);
  return *this;
}

ScriptedServer& ScriptedServer::at(int seconds) {
  steps_.back().reply.headers.emplace_back(
      "date", fmt::format("Thu, 01 Jan 2026 00:{:02}:{:02} GMT", seconds / 60, seconds % 60));
  return *this;
}

async::Task<async::HttpReply> ScriptedServer::exchange(async::HttpRequest request) {
  requests_.push_back(request);
  const auto api = request.url.find("/api2/json");
  const auto target = api == std::string::npos ? request.url : request.url.substr(api + 10);
  if (steps_.empty()) {
    faults_ += fmt::format("unexpected {} {}\n", request.method, target);
    co_return async::HttpReply();
  }
  auto step = std::move(steps_.front());
  steps_.pop_front();
  if (step.method != request.method || step.target != target)
    faults_ += fmt::format("expected {} {}, got {} {}\n", step.method, step.target, request.method,
                           target);
  if (step.form != "*" && step.form != decoded(request.body))
    faults_ += fmt::format("{} {}: expected the form \"{}\", got \"{}\"\n", request.method, target,
                           step.form, decoded(request.body));
  co_return std::move(step.reply);
}

std::string ScriptedServer::faults() const {
  auto result = faults_;
  for (const auto& step : steps_)
    result += fmt::format("never came: {} {}\n", step.method, step.target);
  return result;
}

}  // namespace pveplan::pve::test
