#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::schema {

/// One character as a terminal shows it.
struct Cell {
  std::string shown;      ///< control characters are escaped, tabs are blanks
  std::size_t width = 1;  ///< columns: 0 for combining marks, 2 for wide characters
  std::size_t begin = 0;  ///< first byte in the text
  std::size_t end = 0;
};

/// A text as cells. Bytes that are no UTF-8 and everything that would move the cursor or the
/// reading direction are escaped.
std::vector<Cell> to_cells(std::string_view text);

/// The text with everything escaped that a terminal would act on; line breaks too.
std::string escape_controls(std::string_view text);

/// Columns of a text.
std::size_t display_width(std::string_view text);

/// Breaks a text at blanks so that each line, with its indent, fits; words are never cut.
std::string wrap(std::string_view text, std::size_t indent, std::size_t columns);

}  // namespace pveplan::schema
