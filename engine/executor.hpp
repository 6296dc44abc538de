#pragma once

#include "engine/planner.hpp"
#include "engine/services.hpp"
#include "engine/step_context.hpp"
#include "model/plan.hpp"
#include "providers/async/cancel.hpp"
#include "state/session.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace pveplan::engine {

/// How many steps may run at once: globally, and for pools by the text in front of the colon.
struct Limits {
  Limits() {}  // no aggregate: coroutine parameter (g++ 12)
  std::size_t parallelism = 10;
  std::size_t most_failures = SIZE_MAX;  ///< after so many nothing new is started
  std::map<std::string, std::size_t, std::less<>> pools = {
      {"node", 4}, {"storage", 2}, {"clone", 3}, {"network", 1}};
  std::size_t of(const std::string& pool) const;
};

/// What became of one resource of a run.
struct ResourceResult {
  enum class Status {
    done,
    failed,
    skipped,
    not_started,
    partly_done,  ///< its first steps were done, the rest was not started
    unknown,
  } status = Status::not_started;
  schema::ResourceAddress address;
  std::string operation;  ///< that failed
  schema::Diagnostic diagnostic;
  /// Failed for a reason that can pass by itself: a lock, a node that is out of reach.
  bool may_pass = false;
  std::size_t steps_done = 0, steps = 0;  ///< barriers not counted
  schema::ResourceAddress because;  ///< skipped, or partly done for that reason: whom it waited for
};

/// The account of a run: every changed resource exactly once.
struct RunAccount {
  std::vector<ResourceResult> results;  ///< ordered by address
  std::chrono::nanoseconds elapsed{0};
  bool interrupted = false;
  bool gave_up = false;  ///< nothing new was started after Limits::most_failures
  std::optional<schema::Diagnostic> journal_failure;

  std::size_t count(ResourceResult::Status status) const;
  bool complete() const;
};

/// Signals of the person who runs it. `wind_down`: start nothing new. `leave`: stop waiting too;
/// the open intents stay in the journal.
struct Interrupts {
  Interrupts() {}  // no aggregate: coroutine parameter (g++ 12)
  async::CancelToken wind_down;
  async::CancelToken leave;
};

/// Runs the step graph of a plan. Independent work goes on after a failure; dependents of what
/// failed are skipped. Re-decides nothing.
async::Task<RunAccount> execute(const Services& services, const model::ClusterFacts& cluster,
                                state::Session& session, const model::Plan& plan,
                                const Limits& limits, const Interrupts& interrupts);

}  // namespace pveplan::engine
