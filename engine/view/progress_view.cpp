#include "engine/view/progress_view.hpp"

#include "engine/view/account_text.hpp"
#include "engine/view/text.hpp"

#include <fmt/format.h>

namespace pveplan::view {
namespace {

constexpr std::size_t kStatusColumn = 45;
constexpr std::size_t kMostLines = 10;  ///< running steps shown at once
constexpr std::size_t kIndent = 6;      ///< of what belongs to the line above

std::string label_of(const model::Step& step, const std::string& what) {
  return "  " + padded(step.address.text(), 14) + (what.empty() ? step.operation : what);
}

}  // namespace

ProgressView::ProgressView(const async::Clock& clock, Output output, bool terminal,
                           std::size_t columns)
    : clock_(clock), output_(std::move(output)), terminal_(terminal), columns_(columns) {}

std::string ProgressView::lines(const Running& running, const std::string& status,
                                const std::string& note) const {
  auto text = padded(running.label, kStatusColumn) + status;
  // In a pipe the line of the start has told everything already.
  const bool told = !terminal_ && running.shown;
  if (columns(text) > columns_ && told) text = padded(running.brief, kStatusColumn) + status;
  if (columns(text) > columns_) text = wrapped(running.label, 0, kIndent, columns_) + below(status);
  if (note.empty()) return text + "\n";
  if (text.find('\n') == text.npos && columns(text) + 2 + columns(note) <= columns_)
    return text + "  " + note + "\n";
  return text + below(note) + "\n";
}

std::string ProgressView::below(const std::string& text) const {
  return "\n" + std::string(kIndent, ' ') + wrapped(text, kIndent, kIndent, columns_);
}

std::string ProgressView::redrawn_line(const Running& running, const std::string& status) const {
  // A line that wraps could not be taken back off the screen. The label gives way: what changes is
  // the status.
  const auto width = columns_ - std::min<std::size_t>(columns_, 1);
  const auto used = columns(status) + 1;
  const auto room = std::min(kStatusColumn, width - std::min(width, used));
  return shortened(padded(shortened(running.label, room), room) + status, width);
}

void ProgressView::clear() {
  if (drawn_ > 0) output_(fmt::format("\x1b[{}A\x1b[J", drawn_));
  drawn_ = 0;
}

void ProgressView::draw() {
  if (!terminal_) return;
  std::string text;
  std::size_t lines = 0;
  for (const auto& [id, running] : running_) {
    if (lines == kMostLines) break;
    text += redrawn_line(running,
                         elapsed_text(clock_.steady() - running.started) + "  " + running.note) +
            "\n";
    ++lines;
  }
  if (running_.size() > lines) {
    text += fmt::format("  and {} more\n", running_.size() - lines);
    ++lines;
  }
  const auto counts = count_line();
  if (!counts.empty()) {
    text += counts + "\n";
    ++lines;
  }
  output_(text);
  drawn_ = lines;
}

std::string ProgressView::count_line() const {
  if (running_.empty() || resources_ < 2) return {};
  auto text = fmt::format("  {} of {} done", done_, resources_);
  if (failed_ > 0) text += fmt::format(", {} failed", failed_);
  return text + fmt::format(", {} running", running_.size());
}

void ProgressView::print(const std::string& text) {
  clear();
  output_(text);
  draw();
}

void ProgressView::run_started(std::uint64_t resources) {
  resources_ = resources;
  done_ = failed_ = 0;
}

void ProgressView::resource_done(const schema::ResourceAddress&) { ++done_; }

void ProgressView::step_started(const model::Step& step) {
  const auto now = clock_.steady();
  auto& running =
      running_[step.id] = {label_of(step, step.summary), label_of(step, step.brief), {}, now, now};
  print(terminal_ ? "" : lines(running, "started", ""));
  running.shown = true;
}

void ProgressView::step_progress(const model::Step& step, const std::string& text) {
  const auto at = running_.find(step.id);
  if (at == running_.end() || at->second.note == text) return;
  at->second.note = text;
  print("");
}

void ProgressView::step_done(const model::Step& step, std::chrono::nanoseconds elapsed) {
  const auto at = running_.find(step.id);
  if (at == running_.end()) return;
  const auto text = lines(at->second, "done  " + elapsed_text(elapsed), "");
  running_.erase(at);
  print(text);
}

void ProgressView::step_failed(const model::Step& step, const schema::Diagnostic& diagnostic,
                               std::chrono::nanoseconds elapsed) {
  const auto at = running_.find(step.id);
  ++failed_;
  Running failed;
  if (at != running_.end()) {
    failed = std::move(at->second);
    running_.erase(at);
  } else {
    failed.label = label_of(step, step.summary);
  }
  auto text = lines(failed, "failed  " + elapsed_text(elapsed), "");
  text.pop_back();
  print(text + below(diagnostic.detail) + "\n");
}

void ProgressView::winding_down(std::optional<std::chrono::seconds> grace) {
  const auto steps = counted(running_.size(), "running step");
  auto text = grace
                  ? fmt::format(
                        "Asked to end: nothing new is started; {} may go on for {} s, then waiting "
                        "ends.",
                        steps, grace->count())
                  : fmt::format(
                        "Interrupted: nothing new is started; waiting for {}. Press Ctrl-C again "
                        "to leave them running.",
                        steps);
  text = wrapped(text, 0, 0, columns_) + "\n";
  const auto now = clock_.steady();
  std::size_t shown = 0;
  for (const auto& [id, running] : running_) {
    if (terminal_ || shown++ == kMostLines) break;  // a terminal shows them all the time
    text += lines(running, "still running  " + elapsed_text(now - running.started), "");
  }
  print(text);
}

void ProgressView::leaving() {
  const auto text = fmt::format(
      "Leaving {} to the server; the next run looks after what came of it. Press Ctrl-C again to "
      "leave without any delay.",
      counted(running_.size(), "running step"));
  print(wrapped(text, 0, 0, columns_) + "\n");
}

void ProgressView::server_silent(const std::string& text) {
  print(wrapped(text, 0, 0, columns_) + "\n");
}
void ProgressView::server_answers(const std::string& text) { server_silent(text); }

void ProgressView::tick() {
  if (terminal_) {
    print("");
    return;
  }
  const auto now = clock_.steady();
  for (auto& [id, running] : running_) {
    if (now - running.told < std::chrono::seconds(30)) continue;
    running.told = now;
    output_(lines(running, "still running  " + elapsed_text(now - running.started), running.note));
  }
}

}  // namespace pveplan::view
