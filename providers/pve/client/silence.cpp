#include "providers/pve/client/silence.hpp"

#include <utility>

namespace pveplan::pve {
namespace {

constexpr auto kLong = std::chrono::seconds(30);
constexpr auto kTooLong = std::chrono::seconds(60);
constexpr auto kAskEvery = std::chrono::seconds(5);

}  // namespace

void Silence::ended(Time now) {
  since_.reset();
  answered_ = now;
}

void Silence::met(Time began, Time now, std::string message) {
  // the server spoke to somebody else meanwhile
  if (began < answered_) return;
  if (!since_) since_ = now;
  message_ = std::move(message);
}

bool Silence::is_long(Time now) const { return since_ && now - *since_ >= kLong; }

bool Silence::answers_for_the_server(Time now) {
  if (since_ && now - *since_ >= kTooLong && now - asked_ < kAskEvery) return true;
  asked_ = now;
  return false;
}

core::ApiError Silence::error(std::string request) const {
  core::ApiError error;
  error.failure = core::ApiFailure::not_sent;
  error.request = std::move(request);
  error.message = message_;
  return error;
}

}  // namespace pveplan::pve
