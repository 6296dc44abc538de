#include "engine/cli/event_output.hpp"

#include "engine/cli/commands.hpp"
#include "engine/cli/workspace.hpp"
#include "providers/async/real_files.hpp"

#include <fmt/format.h>

namespace pveplan::cli {

schema::Result<std::unique_ptr<EventOutput>> EventOutput::open(async::Host& host,
                                                               const Options& options,
                                                               Program::Output out) {
  std::unique_ptr<EventOutput> output(new EventOutput());
  if (options.json) output->out_ = std::move(out);
  if (!options.json_into.empty()) {
    const auto& path = options.json_into;
    const auto refused = [](const async::FileError& problem) {
      return std::unexpected(
          schema::error("Events cannot be written", "The system says: " + problem.text() + "."));
    };
    // A pipe or a device is written to as it is; a file begins anew.
    if (async::is_file_or_absent(path)) {
      auto emptied = host.files.write(path, "", 0600);
      if (!emptied) return refused(emptied.error());
    }
    auto file = host.files.open_append(path, 0600);
    if (!file) return refused(file.error());
    output->file_ = std::move(*file);
  }
  view::EventStream::Run run;
  run.id = host.random.hex(16);
  run.command = options.command;
  run.program = program_version();
  output->stream_ = std::make_unique<view::EventStream>(
      host.clock, std::move(run),
      [self = output.get()](const std::string& line) { self->write(line); });
  return output;
}

void EventOutput::write(const std::string& line) {
  if (out_) out_(line);
  if (!file_) return;
  auto written = file_->append(line);
  if (written) return;
  problem_ = schema::error(
      "Events are incomplete",
      fmt::format("The system says: {}. Everything else went on, and the state is as it should be.",
                  written.error().text()));
  file_.reset();
}

async::Task<int> run_with_events(Program& program, Options options) {
  auto output = EventOutput::open(program.host, options, program.out);
  if (!output) {
    print_diagnostic(program, options, schema::SourceMap(), output.error());
    co_return kError;
  }
  const auto nowhere = [](const std::string&) {};
  const auto out = options.json ? Program::Output(nowhere) : program.out;
  const auto err = options.json ? Program::Output(nowhere) : program.err;
  Program telling(program.host, program.known, out, err);
  telling.events = &(*output)->stream();
  auto code = co_await run_plain_command(telling, options);
  if ((*output)->problem()) {
    print_diagnostic(program, options, schema::SourceMap(), *(*output)->problem());
    if (code == kSuccess || code == kChanges) code = kError;
  }
  co_return code;
}

}  // namespace pveplan::cli
