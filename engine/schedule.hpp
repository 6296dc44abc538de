#pragma once

#include "engine/executor.hpp"
#include "model/plan.hpp"
#include "providers/core/resource_type.hpp"

#include <map>
#include <optional>
#include <queue>
#include <string>
#include <vector>

namespace pveplan::engine {

/// Decides which step of a plan starts next: pure bookkeeping. Longest remaining path first, ties
/// by step id, within the limits.
class Schedule {
 public:
  Schedule(const model::Plan& plan, const core::TypeRegistry& types, const Limits& limits);

  /// The next step that may start now; takes its places in the pools.
  std::optional<model::Step::Id> next();
  /// Frees the places and makes dependents ready.
  void succeeded(model::Step::Id step);
  /// Frees the places; returns the steps that can never start now, in an order in which each comes
  /// after what kept it from starting.
  std::vector<model::Step::Id> failed(model::Step::Id step);
  std::size_t running() const { return running_; }

 private:
  enum class Status : std::uint8_t { waiting, ready, running, done, failed };
  struct Rank {
    std::uint64_t remaining;
    model::Step::Id id;
    bool operator<(const Rank& other) const {
      return remaining != other.remaining ? remaining < other.remaining : id > other.id;
    }
  };

  const std::string* full_pool(const model::Step& step) const;
  void release(const model::Step& step);
  void make_ready(model::Step::Id step);

  const model::Plan& plan_;
  const Limits& limits_;
  std::vector<std::vector<model::Step::Id>> dependents_;
  std::vector<std::uint32_t> missing_;
  std::vector<std::uint64_t> remaining_;
  std::vector<Status> status_;
  std::priority_queue<Rank> ready_;
  std::map<std::string, std::size_t> used_;
  std::map<std::string, std::vector<model::Step::Id>> blocked_;  ///< by the pool that was full
  std::size_t running_ = 0;
};

}  // namespace pveplan::engine
