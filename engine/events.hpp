#pragma once

#include "model/live.hpp"
#include "model/step.hpp"
#include "schema/diagnostic.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace pveplan::engine {

/// Hears what happens during a run. Views implement it; the engine prints nothing. Nothing that a
/// sink does, or fails to do, changes the run.
class EventSink {
 public:
  virtual ~EventSink() = default;
  /// An object is looked at for the plan, or once more before it is written.
  virtual void read_started(const schema::ResourceAddress&) {}
  virtual void read_done(const schema::ResourceAddress&, const model::ReadOutcome&) {}
  /// Before the first step: how many resources something is done for.
  virtual void run_started(std::uint64_t /*resources*/) {}
  /// Steps of engine-only types are not told as started.
  virtual void step_started(const model::Step&) {}
  virtual void step_progress(const model::Step&, const std::string& /*text*/) {}
  /// Proxmox answered a request of the step with a task, which is waited for from now on.
  virtual void task_started(const model::Step&, const std::string& /*upid*/) {}
  virtual void step_done(const model::Step&, std::chrono::nanoseconds /*elapsed*/) {}
  virtual void step_failed(const model::Step&, const schema::Diagnostic&,
                           std::chrono::nanoseconds) {}
  /// All steps of a resource are done.
  virtual void resource_done(const schema::ResourceAddress&) {}
  /// The first signal was taken: nothing new is started, what runs is waited for; for SIGTERM only
  /// for so long.
  virtual void winding_down(std::optional<std::chrono::seconds> /*grace*/) {}
  /// What runs is not waited for any longer.
  virtual void leaving() {}
  /// The cluster's servers do not answer: which, for how long, and until when they are asked. Told
  /// again every now and then.
  virtual void server_silent(const std::string& /*text*/) {}
  /// After that: one is back.
  virtual void server_answers(const std::string& /*text*/) {}
  /// Time has passed.
  virtual void tick() {}
};

/// Tells two sinks the same.
class TwoSinks final : public EventSink {
 public:
  TwoSinks(EventSink& first, EventSink& second) : first_(first), second_(second) {}

  void read_started(const schema::ResourceAddress& address) override;
  void read_done(const schema::ResourceAddress& address,
                 const model::ReadOutcome& outcome) override;
  void run_started(std::uint64_t resources) override;
  void step_started(const model::Step& step) override;
  void step_progress(const model::Step& step, const std::string& text) override;
  void task_started(const model::Step& step, const std::string& upid) override;
  void step_done(const model::Step& step, std::chrono::nanoseconds elapsed) override;
  void step_failed(const model::Step& step, const schema::Diagnostic& diagnostic,
                   std::chrono::nanoseconds elapsed) override;
  void resource_done(const schema::ResourceAddress& address) override;
  void winding_down(std::optional<std::chrono::seconds> grace) override;
  void leaving() override;
  void server_silent(const std::string& text) override;
  void server_answers(const std::string& text) override;
  void tick() override;

 private:
  EventSink& first_;
  EventSink& second_;
};

}  // namespace pveplan::engine
