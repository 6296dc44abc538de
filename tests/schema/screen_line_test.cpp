#include "schema/screen_line.hpp"

#include "schema/diagnostic_text.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan::schema;

namespace {

std::string rendered(const std::string& text, std::string_view marked, RenderOptions options = {}) {
  SourceMap sources;
  const auto file = sources.add("a.toml", text);
  const auto begin = static_cast<std::uint32_t>(text.find(marked));
  const auto end = begin + static_cast<std::uint32_t>(marked.size());
  return render_diagnostic(sources, error("Fault", "Do better.", {file, begin, end}), options);
}

/// The caret line without its margin.
std::string carets(const std::string& text, std::string_view marked) {
  const auto all = rendered(text, marked);
  const auto line = all.find("      | ");
  return all.substr(line + 8, all.find('\n', line) - line - 8);
}

}  // namespace

TEST_CASE("what a terminal would act on is escaped") {
  CHECK(escape_controls("a\033[31mb\nc\x7f") == "a\\x1B[31mb\\x0Ac\\x7F");
  CHECK(escape_controls("x\u202Ey\u2028z") == "x\\u{202E}y\\u{2028}z");
  CHECK(escape_controls("\xff"
                        "ok") == "\\xFFok");
  CHECK(escape_controls("grün 日本") == "grün 日本");
}

TEST_CASE("columns count what a terminal shows") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("e\u0301") == 1);
  CHECK(display_width("a\tb") == 5);
}

TEST_CASE("carets stand below what they mark") {
  CHECK(carets("key = bad", "bad") == "      ^^^");
  CHECK(carets("\tkey = bad", "bad") == "          ^^^");
  CHECK(carets("日本 = bad", "bad") == "       ^^^");
  CHECK(carets("grün = bad", "bad") == "       ^^^");
  CHECK(carets("a\033b bad", "bad") == "       ^^^");
  CHECK(carets("x = 日本", "日本") == "    ^^^^");
}

TEST_CASE("a span over several lines is marked to the end of its first line") {
  CHECK(carets("a = [1,\n  2]\nb", "[1,\n  2]") == "    ^^^");
}

TEST_CASE("an empty span still has a caret") {
  SourceMap sources;
  const auto file = sources.add("a.toml", "ab");
  CHECK(render_diagnostic(sources, error("Fault", "", {file, 2, 2}), {}) ==
        "error: Fault\n  --> a.toml:1:3\n    1 | ab\n      |   ^\n");
}

TEST_CASE("wide line numbers move both lines of the margin") {
  const auto text = rendered(std::string(123455, '\n') + "bad", "bad");
  CHECK(text.find("123456 | bad\n") != std::string::npos);
  CHECK(text.find("       | ^^^\n") != std::string::npos);
}

TEST_CASE("an over-long line is cut round its mark") {
  const std::string front(100'000, 'a');
  const auto text = rendered(front + " BAD " + front, "BAD");
  const auto line = text.substr(text.find(" | ") + 3);
  const auto shown = line.substr(0, line.find('\n'));
  CHECK(display_width(shown) <= 72);
  CHECK(shown.starts_with("…"));
  CHECK(shown.ends_with("…"));
  CHECK(shown.find(" BAD ") != std::string::npos);
}

TEST_CASE("colour repeats what words say") {
  RenderOptions options;
  options.colour = true;
  const auto coloured = rendered("key = bad", "bad", options);
  CHECK(coloured.starts_with("\033[1;31merror\033[0m: Fault\n"));
  std::string plain;
  for (std::size_t i = 0; i < coloured.size(); ++i) {
    if (coloured[i] == '\033')
      i = coloured.find('m', i);
    else
      plain += coloured[i];
  }
  CHECK(plain == rendered("key = bad", "bad"));
}

TEST_CASE("details wrap at blanks and never inside of a word") {
  CHECK(wrap("one two three", 2, 9) == "  one two\n  three");
  CHECK(wrap(std::string(20, 'x'), 2, 9) == "  " + std::string(20, 'x'));
}

TEST_CASE("the summary counts errors, warnings and files") {
  SourceMap sources;
  const auto a = sources.add("a.toml", "x");
  sources.add("b.toml", "x");
  Diagnostics diagnostics;
  CHECK(diagnostics_summary(sources, diagnostics).empty());
  diagnostics.add(error("F", "", {a, 0, 1}));
  CHECK(diagnostics_summary(sources, diagnostics) == "1 error in 1 of 2 files.\n");
  diagnostics.add(error("G", ""));
  diagnostics.add(warning("H", ""));
  CHECK(diagnostics_summary(sources, diagnostics) == "2 errors and 1 warning in 1 of 2 files.\n");
}
