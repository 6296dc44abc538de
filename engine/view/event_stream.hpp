#pragma once

#include "engine/events.hpp"
#include "engine/executor.hpp"
#include "engine/view/progress_view.hpp"
#include "model/plan.hpp"
#include "model/row.hpp"
#include "schema/span.hpp"

#include <map>
#include <optional>
#include <string>
#include <unordered_map>

namespace pveplan::view {

/// A run as JSON for programs: one object a line, in the order in which things happened
/// (docs/events.md, docs/schemas/events.schema.json). Values of attributes are not part of it, so
/// neither are secrets.
class EventStream final : public engine::EventSink {
 public:
  /// What the events of one run have in common.
  struct Run {
    std::string id;
    std::string command;
    std::string program;  ///< the version of pveplan
  };
  /// `line` takes one whole line with its line break.
  EventStream(const async::Clock& clock, Run run, Output line);

  /// Returns the id by which other events name it.
  std::string diagnostic(const schema::Diagnostic& diagnostic, const schema::SourceMap& sources);
  /// What others changed, what would be done, and how much it is; what follows is about this plan.
  /// `id`: of a saved plan, else empty.
  void plan(const model::Plan& plan, const std::string& id);
  /// The outputs as the run leaves them; secrets among them are hidden.
  void outputs(const std::map<schema::ResourceAddress, model::Row>& rows);
  /// What became of every resource.
  void account(const engine::RunAccount& account, int exit_code);

  void read_started(const schema::ResourceAddress& address) override;
  void read_done(const schema::ResourceAddress& address,
                 const model::ReadOutcome& outcome) override;
  void step_started(const model::Step& step) override;
  void step_progress(const model::Step& step, const std::string& text) override;
  void task_started(const model::Step& step, const std::string& upid) override;
  void step_done(const model::Step& step, std::chrono::nanoseconds elapsed) override;
  void step_failed(const model::Step& step, const schema::Diagnostic& problem,
                   std::chrono::nanoseconds elapsed) override;
  void resource_done(const schema::ResourceAddress& address) override;
  void winding_down(std::optional<std::chrono::seconds> grace) override;
  void leaving() override;
  void server_silent(const std::string& text) override;
  void server_answers(const std::string& text) override;
  /// Every step that nothing was told of for 30 s is told to be still running.
  void tick() override;

 private:
  /// A resource of the plan that is carried out.
  struct Work {
    model::Action action = model::Action::no_op;
    bool started = false;
    std::chrono::nanoseconds since{0};
  };
  struct Running {
    const model::Step* step = nullptr;
    std::string upid;
    std::chrono::nanoseconds told{0};
  };
  using Fields = schema::Value::Fields;

  void emit(const char* type, const char* level, const std::string& message,
            const schema::ResourceAddress* address, Fields fields);
  void start(const model::Step& step);
  void progress(const model::Step& step, const char* state, const std::string& text);
  void interrupted(const char* state, const std::string& message);

  const async::Clock& clock_;
  Run run_;
  Output line_;
  std::chrono::nanoseconds began_;
  std::uint64_t events_ = 0;
  std::uint64_t diagnostics_ = 0;
  std::unordered_map<schema::ResourceAddress, Work> work_;
  std::unordered_map<schema::ResourceAddress, std::string> failures_;  ///< ids of diagnostics
  std::map<model::Step::Id, Running> running_;
};

}  // namespace pveplan::view
