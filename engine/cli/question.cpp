#include "engine/cli/question.hpp"

#include <fmt/format.h>

namespace pveplan::cli {

async::Task<bool> confirmed(Program& program, const Options& options, std::string question) {
  if (options.auto_approve) co_return true;
  if (!program.host.environment.input_is_terminal()) {
    program.err(
        "There is no terminal to ask on: run again with --auto-approve.\nNothing was changed.\n");
    co_return false;
  }
  program.out(fmt::format("\n{} Only \"yes\" is accepted: ", question));
  const auto line = co_await program.host.input.line();
  if (line && *line == "yes") co_return true;
  program.err("Cancelled. Nothing was changed.\n");
  co_return false;
}

}  // namespace pveplan::cli
