#include "engine/cli/options.hpp"
#include "engine/cli/program.hpp"
#include "providers/async/real_host.hpp"

#include <cstdio>

namespace {

void write_to(std::FILE* stream, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

int usage_error(const std::string& message) {
  write_to(stderr, "error: " + message + "\nRun `pveplan --help` for all commands and options.\n");
  return pveplan::cli::kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace pveplan;
  auto options = cli::parse_options({argv + 1, argv + argc});
  if (!options) return usage_error(options.error());
  if (options->help) {
    write_to(stdout, cli::help_text(options->command));
    return cli::kSuccess;
  }
  if (options->command == "version") {
    write_to(stdout, std::string("pveplan ") + cli::program_version() + "\n");
    return cli::kSuccess;
  }
  async::RealHost real;
  const cli::KnownTypes known;
  cli::Program program(
      real.host(), known, [](const std::string& text) { write_to(stdout, text); },
      [](const std::string& text) { write_to(stderr, text); });
  return real.host().loop.run(cli::run_command(program, std::move(*options)));
}
