#include "engine/cli/commands.hpp"
#include "engine/cli/question.hpp"
#include "engine/cli/workspace.hpp"

#include <fmt/format.h>

namespace pveplan::cli {
namespace {

schema::Diagnostic living(const state::LockLook& look) {
  return schema::error(
      "Lock of a living process",
      fmt::format(
          "{}. Its lock goes away when that process ends, however it ends: wait for it, or "
          "end it.",
          look.words.empty() ? "A process on this machine works with the state" : look.words));
}

/// Whether the lock may be taken away, and with which id.
schema::Result<std::string> breakable(const state::LockLook& look, const Options& options) {
  if (look.by_living_process) return std::unexpected(living(look));
  const auto typed = options.arguments.empty() ? std::string() : options.arguments[0];
  if (typed.empty()) {
    return std::unexpected(
        schema::error("Which lock?",
                      look.holder.id.empty()
                          ? fmt::format("The state is locked, and the server does not say by whom: "
                                        "it answers {}. Name the lock: pveplan state unlock ID.",
                                        look.words)
                          : fmt::format("{}. If you know that this run was stopped: pveplan state "
                                        "unlock {}.",
                                        look.words, look.holder.id)));
  }
  if (!look.holder.id.empty() && look.holder.id != typed) {
    return std::unexpected(schema::error(
        "Another lock", fmt::format("The state is not locked by {}, but {}. Nothing was changed.",
                                    typed, look.words)));
  }
  return typed;
}

async::Task<int> unlock(Program& program, const Options* options, Workspace* workspace,
                        const state::LockLook* look) {
  const auto id = breakable(*look, *options);
  if (!id) {
    print_diagnostic(program, *options, workspace->sources(), id.error());
    co_return kError;
  }
  program.out(
      fmt::format("{}.\nIf that run still works, two will write the state at once, and one "
                  "of them fails half way.\n",
                  look->words));
  const bool yes = co_await confirmed(program, *options, "Take this lock away?");
  if (!yes) co_return kError;
  auto done = co_await workspace->store().break_lock(*id);
  if (!done) {
    print_diagnostic(program, *options, workspace->sources(), done.error());
    co_return kError;
  }
  program.out("The lock is gone. The next plan says whether that run left work open.\n");
  co_return kSuccess;
}

}  // namespace

async::Task<int> run_state_unlock(Program& program, Options options) {
  const auto workspace = open_workspace(program, options);
  if (!workspace) co_return kError;
  const auto look = co_await workspace->store().look_at_lock();
  if (!look) {
    print_diagnostic(program, options, workspace->sources(), look.error());
    co_return kError;
  }
  if (!look->held) {
    program.out("The state is not locked.\n");
    co_return kSuccess;
  }
  const int code = co_await unlock(program, &options, workspace.get(), &*look);
  co_return code;
}

}  // namespace pveplan::cli
