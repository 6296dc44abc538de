#pragma once

#include "engine/cli/program.hpp"
#include "engine/view/event_stream.hpp"

#include <memory>
#include <optional>

namespace pveplan::cli {

/// Where the events of `--json` and `--json-into FILE` go.
class EventOutput {
 public:
  /// `out` takes the lines of --json. An error when the file cannot be opened.
  static schema::Result<std::unique_ptr<EventOutput>> open(async::Host& host,
                                                           const Options& options,
                                                           Program::Output out);

  view::EventStream& stream() { return *stream_; }
  /// Why the file ends too early: what goes wrong with it stops no work.
  const std::optional<schema::Diagnostic>& problem() const { return problem_; }

 private:
  EventOutput() = default;
  void write(const std::string& line);

  Program::Output out_;
  std::unique_ptr<async::AppendFile> file_;
  std::optional<schema::Diagnostic> problem_;
  std::unique_ptr<view::EventStream> stream_;
};

/// Runs a command that tells its events: with --json nothing else is printed.
async::Task<int> run_with_events(Program& program, Options options);

}  // namespace pveplan::cli
