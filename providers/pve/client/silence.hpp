#pragma once

#include "providers/core/api.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace pveplan::pve {

/// For how long nobody could be reached, on any endpoint. Work that does not depend on each other
/// would otherwise wait for the same silent server one after the other.
class Silence {
 public:
  using Time = std::chrono::nanoseconds;  ///< of the steady clock

  /// An answer arrived, good or bad.
  void ended(Time now);
  /// A request that was begun at `began` went round all endpoints and was not taken.
  void met(Time began, Time now, std::string message);
  /// Long enough that a request is not repeated any more.
  bool is_long(Time now) const;
  /// Longer still: requests fail at once, but for one every few seconds that asks again.
  bool answers_for_the_server(Time now);
  core::ApiError error(std::string request) const;

 private:
  std::optional<Time> since_;
  Time answered_{0};
  Time asked_{0};  ///< the last request that was let through
  std::string message_;
};

}  // namespace pveplan::pve
