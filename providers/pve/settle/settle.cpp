#include "providers/pve/settle/settle.hpp"

#include "providers/pve/client/server_time.hpp"
#include "providers/pve/coerce.hpp"

#include <fmt/format.h>

namespace pveplan::pve {
namespace {

constexpr std::int64_t kSettleSeconds = 30;

}  // namespace

SettleClock::SettleClock(const model::Intent& intent) : opened_(intent.server_time) {}

bool SettleClock::has_settled(const std::string& server_time) {
  ++looks_;
  const auto opened = epoch_from_rfc3339(opened_);
  const auto now = epoch_from_rfc3339(server_time);
  if (opened && now) return *now - *opened >= kSettleSeconds;
  return std::chrono::milliseconds(kPause) * (looks_ - 1) >= std::chrono::seconds(kSettleSeconds);
}

const std::string& server_time_of(const core::ApiResult& answer) {
  return answer ? answer->server_time : answer.error().server_time;
}

model::StillOpen still_open(const core::ApiError& error) {
  return model::StillOpen{fmt::format("{} failed: {}", error.request, error.message)};
}

model::Unreadable unreadable(const core::ApiError& error) {
  return model::Unreadable{fmt::format("{} failed: {}", error.request, error.message)};
}

schema::Diagnostic diagnostic_of(const core::WriteResult& result,
                                 const schema::ResourceAddress& address) {
  auto diagnostic = result.diagnostic();
  if (result.status == core::WriteResult::Status::unknown) {
    diagnostic = schema::error(
        "Outcome unknown",
        fmt::format("The request for {} was sent, but nobody can tell how it ended: {}. The next "
                    "run looks before it repeats anything.",
                    address.text(), result.error.message));
  }
  diagnostic.address = address;
  return diagnostic;
}

model::Step make_step(const schema::ResourceAddress& address, std::string operation,
                      schema::Value arguments, std::string summary) {
  model::Step step;
  step.address = address;
  step.operation = std::move(operation);
  step.arguments = std::move(arguments);
  step.summary = std::move(summary);
  return step;
}

schema::Value argument(const schema::Value& arguments, std::string_view name) {
  const auto* found = member(arguments, name);
  return found == nullptr ? schema::Value() : *found;
}

}  // namespace pveplan::pve
