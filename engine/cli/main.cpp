#include "engine/cli/options.hpp"
#include "engine/cli/program.hpp"
#include "engine/cli/reference.hpp"
#include "engine/view/text.hpp"
#include "providers/async/real_host.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

/// A stream that remembers whether everything has reached it. Whoever closes a pipe has read
/// enough: that is no error, and the command goes on in silence.
class Stream {
 public:
  explicit Stream(std::FILE* file) : file_(file) {}
  void write(const std::string& text) {
    if (problem_ != 0) return;
    if (std::fwrite(text.data(), 1, text.size(), file_) != text.size() || std::fflush(file_) != 0)
      problem_ = errno;
  }
  /// From now on a reader that has gone is a problem too: it misses what happened.
  void needs_its_reader() { needs_its_reader_ = true; }
  /// An errno value; 0 also when the reader has gone and was not needed.
  int problem() const { return problem_ == EPIPE && !needs_its_reader_ ? 0 : problem_; }

 private:
  std::FILE* file_;
  int problem_ = 0;
  bool needs_its_reader_ = false;
};

Stream out(stdout);
Stream err(stderr);

int usage_error(const std::string& message) {
  err.write(pveplan::view::wrapped("error: " + message, 0, 0) +
            "\nRun `pveplan --help` for all commands and options.\n");
  return pveplan::cli::kUsage;
}

/// A truncated plan must not look like a whole one.
int finished(int exit_code) {
  if (out.problem() == 0) return exit_code;
  err.write(std::string("error: The output could not be written: ") + std::strerror(out.problem()) +
            ".\n");
  using namespace pveplan::cli;
  return exit_code == kSuccess || exit_code == kChanges ? kError : exit_code;
}

/// Commands that only print something about the program: no host, no types, done in milliseconds.
std::optional<int> run_at_once(const pveplan::cli::Options& options) {
  using namespace pveplan;
  if (options.help) {
    out.write(cli::help_text(options.command));
  } else if (options.command == "version") {
    out.write(std::string("pveplan ") + cli::program_version() + "\n");
  } else if (options.command == "man") {
    out.write(cli::man_page());
  } else if (options.command == "completion") {
    const auto script = cli::completion_script(options.arguments[0]);
    if (!script)
      return usage_error("`pveplan completion` knows bash, zsh and fish, not \"" +
                         options.arguments[0] + "\".");
    out.write(*script);
  } else {
    return std::nullopt;
  }
  return finished(cli::kSuccess);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace pveplan;
  // A peer that is gone is an error of that write, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
  auto options = cli::parse_options({argv + 1, argv + argc});
  if (!options) return usage_error(options.error());
  if (const auto code = run_at_once(*options)) return *code;
  if (options->json) out.needs_its_reader();
  async::RealHost real;
  async::RealSignals::leave_at_third(
      cli::kInterrupted,
      "\nInterrupted a third time: leaving at once. What was sent is in the journal; run pveplan "
      "apply again.\n");
  const cli::KnownTypes known;
  cli::Program program(
      real.host(), known, [](const std::string& text) { out.write(text); },
      [](const std::string& text) { err.write(text); });
  program.leave = [](int exit_code) { std::_Exit(finished(exit_code)); };
  return finished(real.host().loop.run(cli::run_command(program, std::move(*options))));
}
