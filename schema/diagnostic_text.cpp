#include "schema/diagnostic_text.hpp"

#include "schema/screen_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace pveplan::schema {
namespace {

constexpr std::size_t kGutter = 8;  // "   14 | "
constexpr std::size_t kLeastColumns = 40;

constexpr std::string_view kRed = "\033[1;31m";
constexpr std::string_view kYellow = "\033[1;33m";
constexpr std::string_view kFaint = "\033[2m";
constexpr std::string_view kReset = "\033[0m";

/// A source line as cells, with the marked part of it.
struct MarkedLine {
  std::vector<Cell> cells;
  std::size_t first = 0;  ///< marked cells: [first, last)
  std::size_t last = 0;
};

MarkedLine mark(std::vector<Cell> line, std::size_t begin, std::size_t end) {
  MarkedLine result;
  result.cells = std::move(line);
  const auto before = [](const Cell& cell, std::size_t offset) { return cell.end <= offset; };
  const auto& cells = result.cells;
  const auto first = std::lower_bound(cells.begin(), cells.end(), begin, before);
  const auto last =
      std::lower_bound(first, cells.end(), end,
                       [](const Cell& cell, std::size_t offset) { return cell.begin < offset; });
  result.first = static_cast<std::size_t>(first - cells.begin());
  result.last = std::max(result.first, static_cast<std::size_t>(last - cells.begin()));
  return result;
}

/// Puts a remark in the place of what must not be shown. A mark that touches it moves along.
void hide(std::vector<Cell>& cells, std::size_t begin, std::size_t end) {
  const auto inside = [begin, end](const Cell& cell) {
    return cell.begin >= begin && cell.end <= end && cell.begin < cell.end;
  };
  const auto first = std::find_if(cells.begin(), cells.end(), inside);
  if (first == cells.end()) return;
  const auto last = std::find_if_not(first, cells.end(), inside);
  Cell hidden;
  hidden.shown = "(not shown)";
  hidden.width = hidden.shown.size();
  hidden.begin = first->begin;
  hidden.end = std::prev(last)->end;
  cells.insert(cells.erase(first, last), std::move(hidden));
}

std::size_t width_of(const std::vector<Cell>& cells, std::size_t from, std::size_t to) {
  std::size_t width = 0;
  for (auto i = from; i < to; ++i) width += cells[i].width;
  return width;
}

/// Leaves the part of an over-long line that holds the mark; "…" stands for what is left out.
void cut(MarkedLine& line, std::size_t room) {
  auto& cells = line.cells;
  if (width_of(cells, 0, cells.size()) <= room) return;
  const std::size_t inside = room - 2;
  auto from = line.first;
  std::size_t width = 0;
  const std::size_t lead = inside / 3;  // some text in front tells what the mark belongs to
  while (from > 0 && width + cells[from - 1].width <= lead) width += cells[--from].width;
  auto to = from;
  width = 0;
  while (to < cells.size() && width + cells[to].width <= inside) width += cells[to++].width;
  while (from > 0 && width + cells[from - 1].width <= inside) width += cells[--from].width;
  line.first -= from;
  line.last = std::min(line.last, to) - from;
  const bool more_behind = to < cells.size();
  const bool more_in_front = from > 0;
  cells.erase(cells.begin() + static_cast<std::ptrdiff_t>(to), cells.end());
  cells.erase(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(from));
  if (more_behind) cells.push_back({"…", 1, 0, 0});
  if (!more_in_front) return;
  cells.insert(cells.begin(), {"…", 1, 0, 0});
  ++line.first;
  ++line.last;
}

std::string text_of(const std::vector<Cell>& cells) {
  std::string result;
  for (const auto& cell : cells) result += cell.shown;
  while (result.ends_with(' ')) result.pop_back();
  return result;
}

std::size_t character_column(std::string_view line, std::size_t byte) {
  const auto cells = to_cells(line.substr(0, std::min(byte, line.size())));
  return cells.size() + 1;
}

class Renderer {
 public:
  /// `hidden` are the spans of secrets.
  Renderer(const SourceMap& sources, const RenderOptions& options, const std::vector<Span>& hidden)
      : sources_(sources),
        options_(options),
        columns_(std::max(options.columns, kLeastColumns)),
        hidden_(hidden) {}

  std::string render(const Diagnostic& diagnostic) {
    const bool is_error = diagnostic.severity == Severity::error;
    out_ += paint(is_error ? "error" : "warning", is_error ? kRed : kYellow);
    out_ += ": " + escape_controls(diagnostic.summary) + "\n";
    const auto mark_colour = is_error ? kRed : kYellow;
    add_place(diagnostic.span, diagnostic.context, mark_colour);
    if (!diagnostic.detail.empty()) out_ += wrap(diagnostic.detail, 2, columns_) + "\n";
    for (const auto& note : diagnostic.notes) {
      if (note.span.known()) {
        add_place(note.span, note.text, kFaint);
      } else {
        out_ += wrap(note.text, 2, columns_) + "\n";
      }
    }
    return std::move(out_);
  }

 private:
  std::string paint(std::string_view text, std::string_view colour) const {
    if (!options_.colour) return std::string(text);
    return fmt::format("{}{}{}", colour, text, kReset);
  }

  void add_place(Span span, const std::string& remark, std::string_view colour) {
    if (!span.known()) return;
    const auto position = sources_.position(span.file, span.begin);
    const auto line = sources_.line(span.file, position.line);
    const auto begin = position.column - 1;
    const auto end = std::min<std::size_t>(begin + (span.end - span.begin), line.size());
    auto place = fmt::format("  --> {}:{}:{}", escape_controls(sources_.name(span.file)),
                             position.line, character_column(line, begin));
    if (!remark.empty()) place += "   " + escape_controls(remark);
    out_ += place + "\n";
    add_line(line, position.line, span, end, colour);
  }

  /// `end` is where the span ends in this line.
  void add_line(std::string_view text, std::uint32_t number, Span span, std::size_t end,
                std::string_view colour) {
    // A line of a megabyte costs no more than what is shown of it.
    const std::size_t window = 4096;
    const auto begin = sources_.position(span.file, span.begin).column - 1;
    const auto skipped = begin > window ? begin - window : 0;
    auto cells = to_cells(text.substr(skipped, 2 * window));
    const auto line_start = span.begin - begin + skipped;
    for (const auto& secret : hidden_) {
      if (secret.file != span.file || secret.end <= line_start) continue;
      hide(cells, secret.begin < line_start ? 0 : secret.begin - line_start,
           secret.end - line_start);
    }
    auto line = mark(std::move(cells), begin - skipped, end - skipped);
    cut(line, columns_ - kGutter);
    const auto indent = width_of(line.cells, 0, line.first);
    const auto length = std::max<std::size_t>(1, width_of(line.cells, line.first, line.last));
    const auto margin = fmt::format("{:>5}", number);
    out_ += fmt::format("{} | {}\n", margin, text_of(line.cells));
    out_ += fmt::format("{} | {}{}\n", std::string(margin.size(), ' '), std::string(indent, ' '),
                        paint(std::string(length, '^'), colour));
  }

  const SourceMap& sources_;
  const RenderOptions& options_;
  const std::size_t columns_;
  const std::vector<Span>& hidden_;
  std::string out_;
};

std::string counted(std::size_t number, std::string_view word) {
  return fmt::format("{} {}{}", number, word, number == 1 ? "" : "s");
}

}  // namespace

std::string render_diagnostic(const SourceMap& sources, const Diagnostic& diagnostic,
                              const RenderOptions& options) {
  std::vector<Span> hidden;
  if (diagnostic.sensitive) hidden.push_back(diagnostic.span);
  return Renderer(sources, options, hidden).render(diagnostic);
}

std::string diagnostics_summary(const SourceMap& sources, const Diagnostics& diagnostics) {
  if (diagnostics.empty()) return {};
  std::set<std::uint32_t> files;
  for (const auto& diagnostic : diagnostics.items()) {
    if (diagnostic.span.known()) files.insert(diagnostic.span.file);
  }
  const auto errors = diagnostics.error_count();
  const auto warnings = diagnostics.items().size() - errors;
  std::string result;
  if (errors > 0) result += counted(errors, "error");
  if (warnings > 0) result += (errors > 0 ? " and " : "") + counted(warnings, "warning");
  if (!files.empty()) {
    result += fmt::format(" in {} of {}", files.size(), counted(sources.size(), "file"));
  }
  return result + ".\n";
}

std::string render_items(const SourceMap& sources, const Diagnostics& diagnostics,
                         const RenderOptions& options) {
  std::vector<Span> hidden;
  for (const auto& diagnostic : diagnostics.items()) {
    if (diagnostic.sensitive) hidden.push_back(diagnostic.span);
  }
  std::string result;
  for (const auto& diagnostic : diagnostics.items()) {
    result += Renderer(sources, options, hidden).render(diagnostic);
  }
  return result;
}

std::string render_diagnostics(const SourceMap& sources, const Diagnostics& diagnostics,
                               const RenderOptions& options) {
  return render_items(sources, diagnostics, options) + diagnostics_summary(sources, diagnostics);
}

}  // namespace pveplan::schema
