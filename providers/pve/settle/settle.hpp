#pragma once

#include "model/intent.hpp"
#include "model/step.hpp"
#include "providers/core/context.hpp"
#include "providers/core/resource_type.hpp"

#include <chrono>
#include <string>

/// What all resource types share when they run steps and settle open intents (ENGINEERING 3).
namespace pveplan::pve {

/// Tells when a request that was sent, but of which nothing is to be seen, can have no effect any
/// more: 30 s of the server's time after its intent was opened.
class SettleClock {
 public:
  explicit SettleClock(const model::Intent& intent);
  /// `server_time` of the read that found nothing; answers without one count as 2 s each.
  bool has_settled(const std::string& server_time);
  static constexpr std::chrono::milliseconds kPause{2000};

 private:
  std::string opened_;
  std::int64_t looks_ = 0;
};

/// The server's clock as told by an answer, good or bad.
const std::string& server_time_of(const core::ApiResult& answer);

/// A failure that says nothing about the object: it stays open, or unreadable.
model::StillOpen still_open(const core::ApiError& error);
model::Unreadable unreadable(const core::ApiError& error);

/// The error of a write that did not end as `done`. For an unknown outcome the engine asks
/// resolve(), so the text is only seen where even that cannot tell.
schema::Diagnostic diagnostic_of(const core::WriteResult& result,
                                 const schema::ResourceAddress& address);

model::Step make_step(const schema::ResourceAddress& address, std::string operation,
                      schema::Value arguments, std::string summary);
/// A step argument; null when it is not there.
schema::Value argument(const schema::Value& arguments, std::string_view name);

}  // namespace pveplan::pve
