#include "engine/view/account_text.hpp"

#include "engine/view/plan_sections.hpp"
#include "engine/view/text.hpp"
#include "schema/screen_line.hpp"

#include <fmt/format.h>

#include <map>

namespace pveplan::view {

using engine::ResourceResult;
using Status = ResourceResult::Status;

std::string elapsed_text(std::chrono::nanoseconds elapsed) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
  if (milliseconds < 10'000)
    return fmt::format("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100);
  const auto seconds = milliseconds / 1000;
  if (seconds < 120) return fmt::format("{} s", seconds);
  return fmt::format("{} min {} s", seconds / 60, seconds % 60);
}

namespace {

std::string headline(const engine::RunAccount& account, const model::Plan& plan,
                     const std::string& verb) {
  if (!account.complete()) return {};
  const auto counts = count_changes(plan);
  if (plan.mode == model::PlanMode::refresh)
    return fmt::format("Refresh complete: {} taken into the state, {} forgotten.\n",
                       account.results.size() - counts.forget, counts.forget);
  // What could not be read is still there, or still missing.
  std::string text = verb + (plan.partial() ? " done in part: " : " complete: ");
  if (counts.import > 0) text += fmt::format("{} imported, ", counts.import);
  text +=
      fmt::format("{} added, {} changed, {} destroyed", counts.add, counts.change, counts.destroy);
  if (counts.forget > 0) text += fmt::format(", {} forgotten", counts.forget);
  text += ".\n";
  if (plan.limited()) text += "Only a part was planned: run pveplan plan to see what is left.\n";
  if (!plan.partial()) return text;
  std::string left;
  for (const auto& each : plan.unknown) left += (left.empty() ? "" : ", ") + each.address.text();
  return text +
         wrapped(fmt::format("Left as {}: {}. The plan says why.",
                             plan.unknown.size() == 1 ? "it is" : "they are", left),
                 0, 2) +
         "\n";
}

std::string entry(const char* label, const std::string& address, const std::string& text) {
  const auto start = "  " + padded(label, 10) + padded(address, 13);
  return start + wrapped(text, columns(start), 14) + "\n";
}

/// Each line of a note, such as those of a task's log, below the entry that it belongs to.
std::string note_lines(const std::string& note) {
  constexpr std::size_t kIndent = 14;
  std::string text;
  for (std::size_t start = 0; start < note.size();) {
    const auto end = std::min(note.find('\n', start), note.size());
    text +=
        std::string(kIndent, ' ') +
        wrapped(schema::escape_controls(note.substr(start, end - start)), kIndent, kIndent + 2) +
        "\n";
    start = end + 1;
  }
  return text;
}

std::string failure_text(const ResourceResult& result) {
  auto text = result.operation;
  if (!result.diagnostic.detail.empty()) text += ": " + result.diagnostic.detail;
  auto lines =
      entry(result.status == Status::unknown ? "unknown" : "failed", result.address.text(), text);
  for (const auto& note : result.diagnostic.notes) lines += note_lines(note.text);
  return lines;
}

/// Resources that were skipped for the same reason share a line.
std::string skipped_text(const engine::RunAccount& account, bool destroying) {
  std::map<schema::ResourceAddress, std::vector<std::string>> by_cause;
  for (const auto& result : account.results) {
    if (result.status == Status::skipped) by_cause[result.because].push_back(result.address.text());
  }
  std::string text;
  for (const auto& [cause, addresses] : by_cause) {
    if (addresses.size() == 1) {
      text += entry("skipped", addresses.front(),
                    (destroying ? "goes after " : "needs ") + cause.text());
    } else {
      text += entry("skipped", counted(addresses.size(), "resource"),
                    fmt::format("{} {}: {}", destroying ? "go after" : "need", cause.text(),
                                fmt::join(addresses, ", ")));
    }
  }
  return text;
}

std::string partly_text(const ResourceResult& result) {
  auto text = fmt::format("{} of {} steps done", result.steps_done, result.steps);
  if (!result.because.type.empty()) text += "; the rest needs " + result.because.text();
  return entry("partly", result.address.text(), text);
}

/// What fails again when nothing but the command is repeated.
std::string lasting_failures(const engine::RunAccount& account) {
  std::string text;
  for (const auto& result : account.results) {
    if (result.status == Status::failed && !result.may_pass)
      text += (text.empty() ? "" : ", ") + result.address.text();
  }
  return text;
}

/// What goes on with the plan. After a destroy, apply would make everything anew.
const char* command_of(model::PlanMode mode) {
  switch (mode) {
    case model::PlanMode::destroy:
      return "destroy";
    case model::PlanMode::refresh:
      return "refresh";
    case model::PlanMode::converge:
      break;
  }
  return "apply";
}

std::string closing_text(const engine::RunAccount& account, const std::string& command) {
  if (account.journal_failure) {
    return wrapped("The state could not be written, so nothing more was started: " +
                       account.journal_failure->detail +
                       " What was sent is in the journal as far as the disk took it. Mend that, "
                       "and run pveplan " +
                       command + " again.",
                   0, 0) +
           "\n";
  }
  if (account.complete()) return {};
  const std::string stopped =
      account.gave_up ? "Nothing new was started after so many failures.\n" : "";
  const auto lasting = lasting_failures(account);
  if (lasting.empty())
    return stopped + "Nothing is half done without being recorded: run pveplan " + command +
           " again to go on.\n";
  return stopped +
         wrapped(
             "Nothing is half done without being recorded. Repeating alone does not help: see to "
             "what stopped " +
                 lasting + " first, then run pveplan " + command + " again.",
             0, 0) +
         "\n";
}

}  // namespace

std::string account_text(const engine::RunAccount& account, const model::Plan& plan,
                         const std::string& verb) {
  auto text = headline(account, plan, verb);
  text += fmt::format("Done {}, failed {}, skipped {}, not started {}", account.count(Status::done),
                      account.count(Status::failed), account.count(Status::skipped),
                      account.count(Status::not_started));
  if (const auto partly = account.count(Status::partly_done); partly > 0)
    text += fmt::format(", partly done {}", partly);
  if (const auto unknown = account.count(Status::unknown); unknown > 0) {
    text += fmt::format(", outcome unknown {}", unknown);
  }
  text += fmt::format(", in {}.\n", elapsed_text(account.elapsed));
  for (const auto& result : account.results) {
    if (result.status == Status::failed || result.status == Status::unknown)
      text += failure_text(result);
    if (result.status == Status::partly_done) text += partly_text(result);
  }
  return text + skipped_text(account, plan.mode == model::PlanMode::destroy) +
         closing_text(account, command_of(plan.mode));
}

}  // namespace pveplan::view
