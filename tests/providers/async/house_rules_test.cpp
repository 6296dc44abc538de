// The rules of coroutine code that no compiler checks.
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

namespace pveplan::async {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> sources() {
  std::vector<fs::path> found;
  const fs::path root = PVEPLAN_SOURCE_DIR;
  for (const char* module : {"schema", "model", "state", "providers", "engine", "lab", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / module)) {
      const auto extension = entry.path().extension();
      if (extension == ".cpp" || extension == ".hpp") found.push_back(entry.path());
    }
  }
  return found;
}

/// The text without comments, so that a rule may be explained where it applies.
std::string code_of(const fs::path& path) {
  std::ifstream stream(path);
  std::string line;
  std::string code;
  while (std::getline(stream, line)) {
    const auto comment = line.find("//");
    code += line.substr(0, comment) + "\n";
  }
  return code;
}

/// "file:line" of every match.
std::vector<std::string> places(const std::regex& pattern, const std::string& exception) {
  std::vector<std::string> found;
  for (const fs::path& path : sources()) {
    const std::string name = fs::relative(path, PVEPLAN_SOURCE_DIR).string();
    if (!exception.empty() && name.starts_with(exception)) continue;
    const std::string code = code_of(path);
    for (std::sregex_iterator match(code.begin(), code.end(), pattern), end; match != end;
         ++match) {
      const auto line = std::count(code.begin(), code.begin() + match->position(), '\n') + 1;
      found.push_back(fmt::format("{}:{}", name, line));
    }
  }
  return found;
}

using Places = std::vector<std::string>;
const std::string kForms = "tests/providers/async/forms/";
const std::regex kSwitch(R"(switch\s*\([^)]*co_await)");
const std::regex kBraces(R"(co_await\b[^;{}]*[(,=]\s*(\[|\{))");
// g++ 12 destroys the branch that was not taken. The bracket keeps it from finding itself.
const std::regex kConditional(R"(\?[^;{}?"]*\bco_awai[t]\b)");
const std::regex kCapturing(R"(\[[^\]\s][^\]]*\]\s*\([^)]*\)\s*(mutable\s*)?->\s*(async::)?Task<)");
// The last letters are in brackets so that the pattern does not find itself.
const std::regex kHandles(
    R"(coroutine_handl[e]|\bawait_suspen[d]\b|detail::(Suspen[d]|ThisWaite[r]))");

}  // namespace

TEST_CASE("the patterns find the forms that fail") {
  CHECK(places(kSwitch, "").size() == 1);
  CHECK(places(kBraces, "").size() == 2);
  CHECK(
      std::regex_search("auto f = [text](int n) -"
                        "> Task<int> {",
                        kCapturing));
  CHECK_FALSE(std::regex_search("auto f = [](int n) -> Task<int> {", kCapturing));
}

TEST_CASE("no switch is made over an awaited expression") {
  CHECK(places(kSwitch, kForms) == Places{});
}

TEST_CASE("no statement awaits with a brace or a lambda in the awaited expression") {
  CHECK(places(kBraces, kForms) == Places{});
}

TEST_CASE("no conditional expression awaits in one of its branches") {
  CHECK(
      std::regex_search("auto key = stated ? co_awai"
                        "t fetch() : made();",
                        kConditional));
  CHECK(places(kConditional, kForms) == Places{});
}

TEST_CASE("no lambda with captures is a coroutine") {
  CHECK(places(kCapturing, kForms) == Places{});
}

TEST_CASE("coroutine handles and awaiters exist in providers/async only") {
  CHECK(places(kHandles, "providers/async/") == Places{});
}

}  // namespace pveplan::async
