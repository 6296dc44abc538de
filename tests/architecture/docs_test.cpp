// docs/engine.md promises a test for each thing that it says: the promise is looked at here.

#include "tests/support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct NamedTest {
  std::string file;
  std::string sentence;
};

const fs::path kSource = PVEPLAN_SOURCE_DIR;

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// What stands in a text as `tests/…_test.cpp: "sentence"`.
std::vector<NamedTest> named_tests(const std::string& text) {
  static const std::string kBegin = "`tests/", kMiddle = ": \"", kEnd = "\"`";
  std::vector<NamedTest> result;
  for (auto at = text.find(kBegin); at != std::string::npos; at = text.find(kBegin, at + 1)) {
    const auto close = text.find('`', at + 1);
    const auto middle = text.find(kMiddle, at);
    const auto end = text.find(kEnd, at);
    if (close == std::string::npos || middle > close || end + 1 != close) continue;
    const auto sentence = middle + kMiddle.size();
    result.push_back({text.substr(at + 1, middle - at - 1), text.substr(sentence, end - sentence)});
  }
  return result;
}

/// The literal that begins at `quote`, and those that follow it with nothing but blanks between:
/// a long sentence stands in several.
std::string joined_literals(const std::string& source, std::size_t quote) {
  std::string result;
  while (quote != std::string::npos && source[quote] == '"') {
    const auto end = source.find('"', quote + 1);
    if (end == std::string::npos) break;
    result += source.substr(quote + 1, end - quote - 1);
    quote = source.find_first_not_of(" \t\r\n", end + 1);
  }
  return result;
}

/// The names of a source file's test cases, those with a fixture included.
std::set<std::string> sentences_of(const std::string& source) {
  static const std::string kCase = "\nTEST_CASE";
  std::set<std::string> result;
  for (auto at = source.find(kCase); at != std::string::npos; at = source.find(kCase, at + 1)) {
    const auto quote = source.find('"', at);
    if (quote != std::string::npos) result.insert(joined_literals(source, quote));
  }
  return result;
}

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("sentences are found whole, over several literals and behind fixtures") {
  const std::string source =
      "#include <x>\nTEST_CASE(\"one\") {\n}\nTEST_CASE(\n    \"two, which is \"\n    \"long\") "
      "{\n}\nTEST_CASE_METHOD(Fixture,\n                 \"three\", \"[.tag]\") {\n";
  CHECK(sentences_of(source) == std::set<std::string>{"one", "two, which is long", "three"});
}

TEST_CASE("every test that docs/engine.md names exists") {
  const auto document = text_of(kSource / "docs/engine.md");
  const auto named = named_tests(document);
  REQUIRE_FALSE(named.empty());
  CHECK(named.size() == times(document, "_test.cpp"));
  std::vector<std::string> missing;
  for (const auto& each : named) {
    if (!sentences_of(text_of(kSource / each.file)).contains(each.sentence))
      missing.push_back(each.file + ": " + each.sentence);
  }
  CHECK(missing == std::vector<std::string>());
}

TEST_CASE("every line of docs/engine.md's tables names a test or says what is not there yet") {
  std::istringstream lines(text_of(kSource / "docs/engine.md"));
  std::vector<std::string> empty_promises;
  for (std::string line; std::getline(lines, line);) {
    const bool fact = line.starts_with("| ") && !line.starts_with("| row |");
    const bool kept = !named_tests(line).empty() || line.find("| not yet") != std::string::npos;
    if (fact && !kept) empty_promises.push_back(line);
  }
  CHECK(empty_promises == std::vector<std::string>());
}
