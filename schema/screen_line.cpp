#include "schema/screen_line.hpp"

#include "schema/text_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace pveplan::schema {
namespace {

constexpr std::size_t kTabStop = 4;

struct CodeRange {
  std::uint32_t first, last;
};

/// Characters of two columns: the blocks that Unicode's East Asian Width calls wide.
constexpr std::array<CodeRange, 13> kWide = {{{0x1100, 0x115F},
                                              {0x231A, 0x231B},
                                              {0x2E80, 0x303E},
                                              {0x3041, 0x33FF},
                                              {0x3400, 0x4DBF},
                                              {0x4E00, 0x9FFF},
                                              {0xA000, 0xA4CF},
                                              {0xAC00, 0xD7A3},
                                              {0xF900, 0xFAFF},
                                              {0xFE30, 0xFE6F},
                                              {0xFF00, 0xFF60},
                                              {0x1F300, 0x1FAFF},
                                              {0x20000, 0x3FFFD}}};
constexpr std::array<CodeRange, 6> kZero = {{{0x0300, 0x036F},
                                             {0x0483, 0x0489},
                                             {0x200B, 0x200D},
                                             {0x20D0, 0x20FF},
                                             {0xFE00, 0xFE0F},
                                             {0xE0100, 0xE01EF}}};
/// C0, DEL, C1, line separators, and what turns the reading direction.
constexpr std::array<CodeRange, 7> kEscaped = {{{0x00, 0x1F},
                                                {0x7F, 0x9F},
                                                {0x061C, 0x061C},
                                                {0x200E, 0x200F},
                                                {0x2028, 0x202E},
                                                {0x2066, 0x2069},
                                                {0xFEFF, 0xFEFF}}};

template <std::size_t kSize>
bool in_ranges(const std::array<CodeRange, kSize>& ranges, std::uint32_t code) {
  return std::any_of(ranges.begin(), ranges.end(), [code](const CodeRange& range) {
    return range.first <= code && code <= range.last;
  });
}

std::uint32_t decode(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return first;
  std::uint32_t code = first & (0xFFu >> (sequence.size() + 1));
  for (const char c : sequence.substr(1))
    code = (code << 6) | (static_cast<unsigned char>(c) & 0x3F);
  return code;
}

Cell escaped(std::uint32_t code) {
  Cell cell;
  cell.shown = code < 0x100 ? fmt::format("\\x{:02X}", code) : fmt::format("\\u{{{:X}}}", code);
  cell.width = cell.shown.size();
  return cell;
}

Cell cell_at(std::string_view rest, std::size_t column) {
  const auto length = utf8_sequence(rest);
  if (length == 0) return escaped(static_cast<unsigned char>(rest[0]));
  const auto code = decode(rest.substr(0, length));
  Cell cell;
  if (code == '\t') {
    cell.width = kTabStop - column % kTabStop;
    cell.shown = std::string(cell.width, ' ');
    return cell;
  }
  if (in_ranges(kEscaped, code)) return escaped(code);
  cell.shown = rest.substr(0, length);
  if (in_ranges(kZero, code)) cell.width = 0;
  if (in_ranges(kWide, code)) cell.width = 2;
  return cell;
}

}  // namespace

std::vector<Cell> to_cells(std::string_view text) {
  std::vector<Cell> cells;
  std::size_t column = 0;
  for (std::size_t at = 0; at < text.size();) {
    auto cell = cell_at(text.substr(at), column);
    cell.begin = at;
    at += std::max<std::size_t>(1, utf8_sequence(text.substr(at)));
    cell.end = at;
    column += cell.width;
    cells.push_back(std::move(cell));
  }
  return cells;
}

std::string escape_controls(std::string_view text) {
  std::string result;
  for (const auto& cell : to_cells(text)) result += cell.shown;
  return result;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (const auto& cell : to_cells(text)) width += cell.width;
  return width;
}

std::string wrap(std::string_view text, std::size_t indent, std::size_t columns) {
  const std::string margin(indent, ' ');
  std::string result = margin;
  std::size_t column = indent;
  while (!text.empty()) {
    const auto blank = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, blank);
    const auto width = display_width(word);
    const bool first = column == indent;
    if (!first && column + 1 + width > columns) {
      result += "\n" + margin;
      column = indent;
    } else if (!first) {
      result += ' ';
      ++column;
    }
    result += escape_controls(word);
    column += width;
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return result;
}

}  // namespace pveplan::schema
