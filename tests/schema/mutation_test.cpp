#include "schema/diagnostic_text.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/topologies.hpp"

#include <algorithm>
#include <filesystem>
#include <random>

using namespace pveplan;
using namespace pveplan::schema;

namespace {

/// Topologies to start from: all that this repository has.
std::vector<std::string> seeds() {
  std::vector<std::string> result;
  const std::string source = PVEPLAN_SOURCE_DIR;
  for (const auto& folder : {source + "/examples", source + "/tests/golden/diagnostics"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".toml")
        result.push_back(tests::read_text(entry.path().string()));
    }
  }
  std::sort(result.begin(), result.end());
  return result;
}

class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_(seed) {}

  std::string mutate(std::string text) {
    const auto rounds = 1 + below(4);
    for (std::size_t i = 0; i < rounds && !text.empty(); ++i) edit(text);
    return text;
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  std::size_t line_begin(const std::string& text, std::size_t at) {
    const auto before = text.rfind('\n', at);
    return before == std::string::npos ? 0 : before + 1;
  }

  void edit(std::string& text) {
    static const std::vector<std::string> kPieces = {
        "\"",  "'",     "[",        "]",    "{",        "}",    "=",    ".",      ",",
        "\n",  "${",    "}",        "#",    "\\",       "\xC3", "\xFF", "\"\"\"", "'''",
        "[[",  "]]",    "\r",       "\t",   " ",        "$${",  "-",    "0x",     "[vm.x]",
        "= {", "count", "${var.x}", "each", "99999999", "null"};
    const auto at = below(text.size());
    const auto begin = line_begin(text, at);
    const auto end = std::min(text.find('\n', at), text.size() - 1) + 1;
    switch (below(7)) {
      case 0:
        text[at] = static_cast<char>(below(256));
        break;
      case 1:
        text.erase(at, 1 + below(8));
        break;
      case 2:
        text.insert(at, kPieces[below(kPieces.size())]);
        break;
      case 3:
        text.erase(begin, end - begin);
        break;
      case 4:
        text.insert(line_begin(text, below(text.size())), text.substr(begin, end - begin));
        break;
      case 5:
        text.resize(at);
        break;
      default:
        std::swap(text[at], text[below(text.size())]);
        break;
    }
  }

  std::mt19937 random_;
};

/// Either a topology, or errors that all point into a file.
void check_sound(const std::string& text) {
  tests::TopologyText topology(text);
  topology.any_file("ssh-ed25519 AAAA me\n").environment("HOME", "/home/me");
  const auto loaded = topology.load();
  REQUIRE(loaded.topology.has_value() != loaded.diagnostics.has_errors());
  for (const auto& diagnostic : loaded.diagnostics.items()) {
    const auto span = diagnostic.span;
    REQUIRE(span.known());
    REQUIRE(span.begin <= span.end);
    REQUIRE(span.end <= loaded.sources.text(span.file).size());
  }
  const auto rendered = render_diagnostics(loaded.sources, loaded.diagnostics, {});
  REQUIRE(std::none_of(rendered.begin(), rendered.end(),
                       [](char c) { return c != '\n' && static_cast<unsigned char>(c) < 0x20; }));
}

}  // namespace

TEST_CASE("a damaged topology is a topology or an error with its place, never a crash") {
  const auto texts = seeds();
  REQUIRE(texts.size() > 20);
#ifdef PVEPLAN_SANITIZED
  const std::uint32_t rounds = 1500;
#else
  const std::uint32_t rounds = 6000;
#endif
  for (std::uint32_t seed = 0; seed < rounds; ++seed) {
    const auto text = Mutator(seed).mutate(texts[seed % texts.size()]);
    INFO("seed " << seed << "\n" << text);
    check_sound(text);
  }
}
