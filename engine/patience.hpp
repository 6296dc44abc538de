#pragma once

#include "model/change.hpp"
#include "model/row.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace pveplan::engine {

/// How long the steps of one change may run: `timeouts.create`, `.update` or `.delete` of its
/// resource. The time that a step waits for its turn does not count.
class Patience {
 public:
  /// nullopt: the resource states none. `row` may be null; it tells what goes for a removal.
  static std::optional<Patience> of(const model::Change& change, const model::Row* row);

  std::chrono::nanoseconds rest() const { return limit_ - spent_; }
  void spend(std::chrono::nanoseconds time) { spent_ += time; }
  /// "timeouts.create (30m) of vm.a"
  const std::string& text() const { return text_; }

 private:
  Patience(std::string text, std::chrono::nanoseconds limit)
      : text_(std::move(text)), limit_(limit) {}
  std::string text_;
  std::chrono::nanoseconds limit_;
  std::chrono::nanoseconds spent_{0};
};

/// How long a step waits for the end of a lock: `timeouts.lock`, where it is stated in the first of
/// these that has it (either may be null), else 60 s (DEFINITIONS 8).
std::chrono::seconds lock_patience(const schema::Value* after, const schema::Value* owned);

}  // namespace pveplan::engine
