#include "engine/executor.hpp"

#include "engine/close_look.hpp"
#include "engine/live_fingerprint.hpp"
#include "engine/order.hpp"
#include "engine/schedule.hpp"
#include "engine/state_exports.hpp"
#include "providers/async/sleep.hpp"
#include "providers/async/task_group.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace pveplan::engine {

using model::Change;
using model::Step;
using schema::Diagnostic;
using schema::ResourceAddress;
using schema::Value;
using Status = ResourceResult::Status;

std::size_t Limits::of(const std::string& pool) const {
  const auto at = pools.find(pool.substr(0, pool.find(':')));
  return at == pools.end() ? SIZE_MAX : at->second;
}

std::size_t RunAccount::count(Status status) const {
  return static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(),
                    [status](const ResourceResult& each) { return each.status == status; }));
}

bool RunAccount::complete() const {
  return !journal_failure && count(Status::done) == results.size();
}

namespace {

/// How one step ended.
class StepEnd {
 public:
  enum class Kind { done, failed, unknown, journal_failed };
  explicit StepEnd(Kind kind_) : kind(kind_) {}
  StepEnd(Kind kind_, Diagnostic diagnostic_) : kind(kind_), diagnostic(std::move(diagnostic_)) {}
  Kind kind;
  Diagnostic diagnostic;
  bool may_pass = false;  ///< failed, and trying again may help by itself
  std::chrono::nanoseconds elapsed{0};
};

class Executor {
 public:
  Executor(const Services& services, const model::ClusterFacts& cluster, state::Session& session,
           const model::Plan& plan, const Limits& limits, const Interrupts& interrupts)
      : services_(services),
        cluster_(cluster),
        session_(session),
        plan_(plan),
        interrupts_(interrupts),
        most_failures_(limits.most_failures),
        schedule_(plan, services.types, limits) {
    for (const auto& change : plan.changes) {
      changes_.emplace(change.address, &change);
      results_[change.address].address = change.address;
      if (auto patience = Patience::of(change, session.state().row(change.address)))
        patience_.emplace(change.address, std::move(*patience));
    }
    for (const auto& step : plan.steps) {
      if (step.operation == kBarrier) continue;
      ++open_steps_[step.address];
      ++results_[step.address].steps;
    }
  }

  async::Task<RunAccount> run() {
    const auto started = services_.host.clock.steady();
    services_.events.run_started(open_steps_.size());
    for (;;) {
      co_await start_what_is_ready();
      if (group_.empty()) break;
      if (interrupts_.leave.cancelled()) break;
      auto finished = co_await next_or_interrupt();
      if (finished) settle(static_cast<Step::Id>(finished->id), std::move(finished->value));
    }
    for (const auto id : running_) leave_running(plan_.steps[id]);
    RunAccount account;
    for (auto& [address, result] : results_) {
      const bool waits = result.status == Status::not_started || result.status == Status::skipped;
      if (waits && result.steps_done > 0) result.status = Status::partly_done;
      account.results.push_back(std::move(result));
    }
    account.elapsed = services_.host.clock.steady() - started;
    account.gave_up = gave_up() && account.count(Status::not_started) > 0;
    account.interrupted = interrupts_.wind_down.cancelled();
    account.journal_failure = journal_failure_;
    co_return account;
  }

 private:
  using Finished = async::TaskGroup<StepEnd>::Finished;
  static constexpr std::size_t kBurst = 64;  ///< engine-only steps without a look outside

  /// Nobody waits any longer: the intent stays open, and the next run looks at what came of it.
  void leave_running(const Step& step) {
    auto& result = results_[step.address];
    result.status = Status::unknown;
    result.operation = step.operation;
    result.diagnostic = schema::error(
        "Left running",
        "It still ran when waiting for it was given up. The next run looks after it.");
    result.diagnostic.address = step.address;
  }

  /// Engine-only steps run here and now: they wait for nothing, and ten thousand of them need no
  /// task each in the group.
  async::Task<void> start_what_is_ready() {
    std::size_t burst = 0;
    while (!journal_failure_ && !interrupts_.wind_down.cancelled() && !gave_up()) {
      const auto id = schedule_.next();
      if (!id) co_return;
      const auto& step = plan_.steps[*id];
      if (step.operation == kBarrier) {
        schedule_.succeeded(*id);
      } else if (is_engine_only(step)) {
        auto end = co_await run_engine_only(*id);
        settle(*id, std::move(end));
        // Signals are heard only when the loop looks outside.
        if (++burst % kBurst == 0) co_await async::sleep_for(std::chrono::nanoseconds(0));
      } else {
        services_.events.step_started(step);
        running_.insert(*id);
        group_.start(*id, run_step(*id));
      }
    }
  }

  /// nullopt: the person does not want to wait any longer.
  async::Task<std::optional<Finished>> next_or_interrupt() {
    async::TaskGroup<std::optional<Finished>> race;
    race.start(0, wait_for_leave());
    race.start(1, wait_for_one());
    auto first = co_await race.next();
    co_return std::move(first.value);
  }
  async::Task<std::optional<Finished>> wait_for_leave() {
    co_await interrupts_.leave.wait();
    co_return std::nullopt;
  }
  async::Task<std::optional<Finished>> wait_for_one() {
    auto finished = co_await group_.next();
    co_return std::optional<Finished>(std::move(finished));
  }

  bool gave_up() const { return failures_ >= most_failures_; }

  bool is_engine_only(const Step& step) const {
    if (step.operation == kStateOnly) return true;
    const auto* type = services_.types.find(step.address.type);
    const auto* operation = type != nullptr ? core::find_operation(*type, step.operation) : nullptr;
    return operation != nullptr && operation->resolver == model::ResolverClass::engine_only;
  }

  Step resolved(const Step& step) const {
    Step result = step;
    if (result.arguments.contains_reference()) {
      result.arguments = resolve_references(result.arguments, StateExports(session_.state()));
    }
    return result;
  }

  async::Task<StepEnd> run_engine_only(Step::Id id) {
    const auto& step = plan_.steps[id];
    if (step.operation == kStateOnly) co_return record_state_only(step);
    const auto& type = *services_.types.find(step.address.type);
    StepContext backend(services_, cluster_, session_, plan_.origin.topology, step);
    auto outcome = co_await type.run(core::Context(backend), resolved(step));
    if (!outcome) co_return StepEnd(StepEnd::Kind::failed, outcome.error());
    co_return record(step, std::move(*outcome), std::nullopt);
  }

  StepEnd record_state_only(const Step& step) {
    model::Outcome outcome;
    outcome.address = step.address;
    const auto* after = step.arguments.find("after");
    if (after != nullptr) {
      auto row = *session_.state().row(step.address);
      row.owned = *after;
      outcome.row = std::move(row);
    }
    return record(step, std::move(outcome), std::nullopt);
  }

  StepEnd record(const Step& step, model::Outcome outcome, std::optional<state::IntentId> intent) {
    if (outcome.row) {
      const auto change = changes_.find(step.address);
      if (change != changes_.end()) outcome.row->dependencies = change->second->dependencies;
    }
    std::vector<state::IntentId> closes;
    if (intent) closes.push_back(*intent);
    auto recorded = session_.outcome(std::move(closes), std::move(outcome));
    if (!recorded) return StepEnd(StepEnd::Kind::journal_failed, recorded.error());
    return StepEnd(StepEnd::Kind::done);
  }

  /// Nothing is told as done before it is on the disk.
  async::Task<StepEnd> record_durably(const Step& step, model::Outcome outcome,
                                      std::optional<state::IntentId> intent) {
    auto end = record(step, std::move(outcome), intent);
    if (end.kind != StepEnd::Kind::done) co_return end;
    auto durable = co_await session_.durable();
    if (!durable) co_return StepEnd(StepEnd::Kind::journal_failed, durable.error());
    co_return end;
  }

  async::Task<StepEnd> run_step(Step::Id id) {
    const auto started = services_.host.clock.steady();
    auto end = co_await check_and_run(id);
    end.elapsed = services_.host.clock.steady() - started;
    if (auto* patience = patience_for(plan_.steps[id].address)) patience->spend(end.elapsed);
    co_return end;
  }

  Patience* patience_for(const ResourceAddress& address) {
    const auto at = patience_.find(address);
    return at == patience_.end() ? nullptr : &at->second;
  }

  async::Task<StepEnd> check_and_run(Step::Id id) {
    const auto& step = plan_.steps[id];
    auto unchanged = co_await check_unchanged(step);
    if (!unchanged) {
      StepEnd end(StepEnd::Kind::failed, unchanged.error());
      end.may_pass = true;  // apply plans anew
      co_return end;
    }
    const auto& type = *services_.types.find(step.address.type);
    StepContext backend(services_, cluster_, session_, plan_.origin.topology, step);
    const auto* patience = patience_for(step.address);
    if (patience != nullptr && patience->rest() <= std::chrono::nanoseconds(0)) {
      StepEnd late(StepEnd::Kind::failed, out_of_time(*patience, step));
      late.may_pass = true;
      co_return late;
    }
    backend.limit(patience);
    const auto ready_step = resolved(step);
    // What an operation that was lost on the way did not do may be done again, but not for ever.
    for (int attempt = 0; attempt < 3; ++attempt) {
      backend.clear_unknown();
      auto outcome = co_await type.run(core::Context(backend), ready_step);
      if (backend.journal_failed()) {
        co_return StepEnd(StepEnd::Kind::journal_failed, outcome ? Diagnostic() : outcome.error());
      }
      if (outcome) {
        auto end = co_await record_durably(step, std::move(*outcome), backend.intent());
        co_return end;
      }
      if (!backend.outcome_unknown()) co_return refuse(backend, outcome.error());
      // Who has waited long for the server does not ask it the same once more.
      if (!backend.silence().empty()) co_return left_open(backend.silence());
      auto end = co_await settle_unknown(type, backend, step);
      if (end) co_return *end;
    }
    co_return StepEnd(StepEnd::Kind::unknown,
                      schema::error("Outcome unknown",
                                    fmt::format("{} of {} was sent three times without an answer.",
                                                step.operation, step.address.text())));
  }

  static Diagnostic out_of_time(const Patience& patience, const Step& step) {
    return schema::error("Out of time",
                         fmt::format("{} was over before this step began; what was done so far is "
                                     "recorded, and the next pveplan apply goes on with {}.",
                                     patience.text(), step.operation));
  }

  /// `why`: a sentence without its full stop.
  static StepEnd left_open(const std::string& why) {
    return StepEnd(StepEnd::Kind::unknown,
                   schema::error("Outcome unknown",
                                 why + ". What was sent is recorded: the next pveplan apply looks "
                                       "how it ended before it does anything else."));
  }

  /// Definitely failed: the intent is closed, the row stays as it is.
  StepEnd refuse(const StepContext& backend, Diagnostic diagnostic) {
    if (backend.intent()) {
      auto resolved_intent =
          session_.resolved(*backend.intent(), "failed: " + diagnostic.summary, std::nullopt);
      if (!resolved_intent) return StepEnd(StepEnd::Kind::journal_failed, resolved_intent.error());
    }
    StepEnd end(StepEnd::Kind::failed, std::move(diagnostic));
    end.may_pass = backend.failure() && passes(*backend.failure());
    return end;
  }

  /// Whether trying again may help although nobody mends anything.
  static bool passes(core::ApiFailure failure) {
    using core::ApiFailure;
    switch (failure) {
      case ApiFailure::not_sent:
      case ApiFailure::unknown_outcome:
      case ApiFailure::lock_timeout:
      case ApiFailure::guest_locked:
      case ApiFailure::digest_mismatch:
      case ApiFailure::no_quorum:
      case ApiFailure::node_unreachable:
      case ApiFailure::storage_offline:
        return true;
      case ApiFailure::untrusted:
      case ApiFailure::unauthorized:
      case ApiFailure::forbidden:
      case ApiFailure::bad_parameter:
      case ApiFailure::absent:
      case ApiFailure::taken:
      case ApiFailure::other:
        return false;
    }
    return false;
  }

  /// Asks the type how the lost operation ended; nullopt: it had no effect and may be run again.
  async::Task<std::optional<StepEnd>> settle_unknown(const core::ResourceType& type,
                                                     StepContext& backend, const Step& step) {
    const auto id = *backend.intent();
    const auto intent = backend.as_last_sent(session_.state().open_intents.at(id));
    auto resolution = co_await type.resolve(core::Context(backend), intent);
    if (!resolution) co_return StepEnd(StepEnd::Kind::unknown, resolution.error());
    if (auto* done = std::get_if<model::Done>(&*resolution)) {
      auto end = co_await record_durably(step, std::move(done->outcome), id);
      co_return end;
    }
    if (const auto* open = std::get_if<model::StillOpen>(&*resolution)) {
      co_return left_open(fmt::format("Whether the {} of {} took effect could not be looked up: {}",
                                      step.operation, step.address.text(), open->reason));
    }
    if (const auto* taken = std::get_if<model::Taken>(&*resolution)) {
      co_return refuse(backend, taken->diagnostic);
    }
    co_return std::nullopt;
  }

  /// With the guest as it is now when the change may hurt it; else nothing that is not known.
  async::Task<std::optional<model::ClusterFacts>> looked_at_closely(const Change* change) {
    CloseReading closely;
    closely.add(*change);
    if (services_.cluster == nullptr || closely.empty()) co_return std::nullopt;
    auto exact = co_await services_.cluster->look_closely(cluster_, closely.look);
    co_return std::optional<model::ClusterFacts>(std::move(exact));
  }

  /// Just before the first write of a change: the object must still be as the plan saw it.
  async::Task<schema::Result<void>> check_unchanged(const Step& step) {
    const auto at = changes_.find(step.address);
    if (at == changes_.end() || at->second->fingerprint.empty()) co_return schema::Result<void>();
    if (!checked_.insert(step.address).second) co_return schema::Result<void>();
    const auto* row = session_.state().row(step.address);
    if (row == nullptr) co_return schema::Result<void>();
    const auto& type = *services_.types.find(step.address.type);
    const model::Row copy = *row;
    const auto exact = co_await looked_at_closely(at->second);
    const auto& cluster = exact ? *exact : cluster_;
    ReadContext backend(services_, cluster, session_.state(), plan_.origin.topology, nullptr);
    auto outcome = co_await type.read(core::Context(backend), copy.identity, &copy);
    if (!outcome) co_return std::unexpected(outcome.error());
    const auto* live = std::get_if<model::LiveObject>(&*outcome);
    const auto now =
        live == nullptr ? std::string() : live_fingerprint(type, copy, *live, at->second->effects);
    if (now == at->second->fingerprint) co_return schema::Result<void>();
    co_return std::unexpected(schema::error(
        "Changed since the plan was made",
        fmt::format("{} is no longer as the plan saw it, so nothing was written. Plan again.",
                    step.address.text())));
  }

  void settle(Step::Id id, StepEnd end) {
    running_.erase(id);
    const auto& step = plan_.steps[id];
    auto& result = results_[step.address];
    if (end.kind == StepEnd::Kind::done) {
      schedule_.succeeded(id);
      ++result.steps_done;
      if (--open_steps_[step.address] == 0) result.status = Status::done;
      if (!is_engine_only(step) || open_steps_[step.address] == 0)
        services_.events.step_done(step, end.elapsed);
      if (result.status == Status::done) services_.events.resource_done(step.address);
      return;
    }
    if (end.kind == StepEnd::Kind::journal_failed && !journal_failure_)
      journal_failure_ = end.diagnostic;
    ++failures_;
    result.status = end.kind == StepEnd::Kind::unknown ? Status::unknown : Status::failed;
    result.operation = step.operation;
    result.diagnostic = end.diagnostic;
    result.diagnostic.address = step.address;
    result.may_pass = end.may_pass;
    services_.events.step_failed(step, result.diagnostic, end.elapsed);
    for (const auto skipped : schedule_.failed(id)) {
      const auto& address = plan_.steps[skipped].address;
      if (address == step.address) continue;
      const auto other = results_.find(address);
      if (other == results_.end() || other->second.status != Status::not_started) continue;
      other->second.status = Status::skipped;
      other->second.because = step.address;
    }
  }

  const Services& services_;
  const model::ClusterFacts& cluster_;
  state::Session& session_;
  const model::Plan& plan_;
  const Interrupts& interrupts_;
  std::size_t most_failures_;
  std::size_t failures_ = 0;
  Schedule schedule_;
  async::TaskGroup<StepEnd> group_;
  std::unordered_map<ResourceAddress, const Change*> changes_;
  std::map<ResourceAddress, ResourceResult> results_;
  std::unordered_map<ResourceAddress, std::size_t> open_steps_;
  std::set<ResourceAddress> checked_;
  std::map<ResourceAddress, Patience> patience_;
  std::set<Step::Id> running_;
  std::optional<Diagnostic> journal_failure_;
};

}  // namespace

async::Task<RunAccount> execute(const Services& services, const model::ClusterFacts& cluster,
                                state::Session& session, const model::Plan& plan,
                                const Limits& limits, const Interrupts& interrupts) {
  Executor executor(services, cluster, session, plan, limits, interrupts);
  auto account = co_await executor.run();
  auto durable = co_await session.durable();
  if (!durable && !account.journal_failure) account.journal_failure = durable.error();
  co_return account;
}

}  // namespace pveplan::engine
