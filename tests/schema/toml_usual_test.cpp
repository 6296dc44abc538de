#include "schema/toml_usual.hpp"

#include "schema/text_checks.hpp"
#include "schema/toml_tree.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"

#include <filesystem>

using namespace pveplan;
using namespace pveplan::schema;

namespace {

constexpr std::size_t kReadInOnePiece = 64 * 1024;  // parse_toml() then asks the library alone

std::string at(const Span& span) {
  return "@" + std::to_string(span.begin) + "-" + std::to_string(span.end);
}

/// The tree as text with everything that it knows.
std::string dump(const Node& node) {
  auto result = at(node.span) + std::to_string(node.data.index());
  if (const auto* table = node.table()) {
    result += "{" + std::to_string(static_cast<int>(table->made));
    for (const auto& entry : table->entries)
      result += " " + entry.key + at(entry.key_span) + "=" + dump(*entry.value);
    return result + "}";
  }
  if (const auto* array = node.array()) {
    for (const auto& item : array->items) result += " " + dump(*item);
    return result + "]";
  }
  if (const auto* text = node.text()) return result + "'" + *text + "'";
  if (const auto* number = std::get_if<std::int64_t>(&node.data))
    return result + std::to_string(*number);
  if (const auto* decimal = std::get_if<Decimal>(&node.data)) return result + decimal->text;
  if (const auto* truth = std::get_if<bool>(&node.data)) return result + (*truth ? "yes" : "no");
  return result;
}

/// Whether the reader took the text; what it took it must have read as the library does.
bool takes(const std::string& text) {
  if (check_text(text, 0, kMaxFileBytes) || text.size() > kReadInOnePiece) return false;
  const auto usual = read_usual_toml(text, 0, 0);
  if (!usual) return false;
  INFO(text);
  const auto library = parse_toml(text, 0);
  REQUIRE(library);
  CHECK(dump(*usual) == dump(**library));
  return true;
}

const std::vector<std::string>& samples() {
  static const std::vector<std::string> kSamples = {
      "top = 1\n[vm.db]\ncores = 4\nname = \"db \\\"1\\\" \\\\ \\n\\t\" # why\n"
      "disk.os.size = \"40GiB\"\r\ndisk.os.storage = 'x'\n\n\t[vm.db.nic.lan]\nvlan=-7\n",
      "[a.b.c]\nx = []\n[a.b.d]\ny = [ 1, 2,\n # two\n [true, false], {z = 0.5, w = "
      "''},\n]\n[a.e]\n",
      "t = { a = { b = [\"c\"] }, d-1_X = 12345678901234567 }\nempty = {}\nlast = -0",
      "a = \"é ü 漢\" # ∞ ≠ 漢\nb.c = \"日本\"\nb.d = 1\n[ö]\n",
      "x.y.z = 1\nx.y.w = [\n1]\nx.v = \"end\"  \n[r.s]\nq.q.q = {}\nq.p = 3\n",
  };
  return kSamples;
}

}  // namespace

TEST_CASE("what nearly every topology is made of is read without the library") {
  CHECK(takes(samples()[0]));
  CHECK(takes(samples()[1]));
  CHECK(takes(samples()[2]));
  CHECK(takes(samples()[4]));
  CHECK(takes("# nothing but a comment"));
  CHECK(takes("\n\r\n  \t\n"));
}

TEST_CASE("what is unusual or wrong is left to the library") {
  const std::string text = GENERATE(
      "", "a", "a =", "a = ", "a = 1 2", "a = 01", "a = 1_000", "a = 0x10", "a = 1e5", "a = +1",
      "a = 1979-05-27", "a = inf", "a = 9223372036854775808", "a = \"\"\"x\"\"\"", "a = '''x'''",
      "a = \"\\u0041\"", "a = \"\\q\"", "a = \"open", "a = 'open", "a = [1", "a = [1 2]",
      "a = {b=1", "a = {b=1,}", "a = {b=1, b=2}", "a = {b.c=1}", "a = {b=1,\nc=2}", "\"a\" = 1",
      "a . b = 1", "a = 1\na = 2", "a = 1\na.b = 2", "a.b = 1\na.b.c = 2", "[[a]]\n", "[a]\n[a]\n",
      "[ a ]\n", "[a.b]\n[a]\n", "[a]\nb.c = 1\n[a.b.d]\n", "[a]\nb = {}\n[a.b.c]\n",
      "[a]\nb = 1\n[a.b]\n", "[a.b]\n[x]\n[a]\nb.c = 1\n", "a = 1\rb = 2", "a = \"\x01\"", "# \x01",
      "\xEF\xBB\xBF a = 1");
  INFO(text);
  CHECK_FALSE(takes(text));
}

TEST_CASE("every topology of this repository is read as the library reads it") {
  std::size_t all = 0, taken = 0;
  const std::string source = PVEPLAN_SOURCE_DIR;
  for (const auto& folder : {source + "/examples", source + "/tests"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() != ".toml") continue;
      ++all;
      taken += takes(tests::read_text(entry.path().string())) ? 1 : 0;
    }
  }
  CHECK(all > 100);
  CHECK(taken * 3 > all);
}

TEST_CASE("a text with any one character changed is read as the library reads it, or left to it") {
  const std::string others = "\"'[]{}=.,#\n\r\t \\0-+_aé:\x7F";
  std::size_t taken = 0;
  for (const auto& sample : samples()) {
    for (std::size_t i = 0; i < sample.size(); ++i) {
      auto without = sample;
      taken += takes(without.erase(i, 1)) ? 1 : 0;
      for (const char other : others) {
        auto replaced = sample, inserted = sample;
        replaced[i] = other;
        inserted.insert(i, 1, other);
        taken += takes(replaced) ? 1 : 0;
        taken += takes(inserted) ? 1 : 0;
      }
    }
  }
  CHECK(taken > 1000);
}
