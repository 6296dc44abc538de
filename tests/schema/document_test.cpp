#include "schema/document.hpp"

#include "schema/text_checks.hpp"
#include "schema/toml_outline.hpp"
#include "schema/toml_tree.hpp"
#include "tests/support/catch.hpp"

#include <functional>

using namespace pveplan::schema;

namespace {

struct Parsed {
  SourceMap sources;
  NodePtr root;
  Diagnostics diagnostics;

  explicit Parsed(const std::string& text) {
    const auto file = sources.add("a.toml", text);
    root = parse_document(sources, file, diagnostics);
  }
  std::string written(Span span) const {
    return sources.text(span.file).substr(span.begin, span.end - span.begin);
  }
  const Entry& at(const std::string& path) const {
    const Node* here = root.get();
    const Entry* entry = nullptr;
    const auto way = Path::parse(path);
    for (const auto& step : way.steps()) {
      entry = here->find(step);
      REQUIRE(entry != nullptr);
      here = entry->value.get();
    }
    return *entry;
  }
};

/// The tree as text, with the span of each node: equal trees give equal texts.
std::string dump(const Node& node) {
  std::string result = "@" + std::to_string(node.span.begin) + "-" + std::to_string(node.span.end);
  if (const auto* table = node.table()) {
    result += "{" + std::to_string(static_cast<int>(table->made));
    for (const auto& entry : table->entries) {
      result +=
          " " + entry.key + "@" + std::to_string(entry.key_span.begin) + "=" + dump(*entry.value);
    }
    return result + "}";
  }
  if (const auto* array = node.array()) {
    result += "[";
    for (const auto& item : array->items) result += " " + dump(*item);
    return result + "]";
  }
  if (const auto* text = node.text()) return result + "'" + *text + "'";
  if (const auto* number = std::get_if<std::int64_t>(&node.data))
    return result + std::to_string(*number);
  return result + std::string(node_kind(node));
}

}  // namespace

TEST_CASE("spans are the bytes of keys and values") {
  const Parsed parsed(
      "[vm.db]   # the database\n"
      "memory = \"4GiB\"\n"
      "nic.lan = { bridge = 'vmbr0', vlan = 20 }\n"
      "tags = [\"a\",\n  \"b\"]\n"
      "[vm.db.disk.data]\n"
      "size = \"\"\"1TiB\"\"\"\n");
  REQUIRE(parsed.root);
  CHECK(parsed.written(parsed.at("vm.db").value->span) == "[vm.db]");
  CHECK(parsed.written(parsed.at("vm.db.memory").key_span) == "memory");
  CHECK(parsed.written(parsed.at("vm.db.memory").value->span) == "\"4GiB\"");
  CHECK(parsed.written(parsed.at("vm.db.nic").value->span) == "nic");
  CHECK(parsed.written(parsed.at("vm.db.nic.lan").value->span) ==
        "{ bridge = 'vmbr0', vlan = 20 }");
  CHECK(parsed.written(parsed.at("vm.db.nic.lan.bridge").value->span) == "'vmbr0'");
  CHECK(parsed.written(parsed.at("vm.db.nic.lan.vlan").value->span) == "20");
  CHECK(parsed.written(parsed.at("vm.db.tags").value->span) == "[\"a\",\n  \"b\"]");
  CHECK(parsed.written(parsed.at("vm.db.disk.data").value->span) == "[vm.db.disk.data]");
  CHECK(parsed.written(parsed.at("vm.db.disk.data.size").value->span) == "\"\"\"1TiB\"\"\"");
}

TEST_CASE("spans stay exact behind wide characters, marks and windows line ends") {
  const std::string front =
      GENERATE("", "\xEF\xBB\xBF", "# grün\n", "\xEF\xBB\xBF# x\r\n", "a = '日本語 🦀'\n");
  const Parsed parsed(front + "[\"ключ\"]\nb = { 'ü' = 1, c = \"мир\", d = 2.50 }\r\ne = 7");
  REQUIRE(parsed.root);
  CHECK(parsed.written(parsed.at("ключ").value->span) == "[\"ключ\"]");
  CHECK(parsed.written(parsed.at("ключ.b.ü").key_span) == "'ü'");
  CHECK(parsed.written(parsed.at("ключ.b.c").value->span) == "\"мир\"");
  CHECK(parsed.written(parsed.at("ключ.b.d").value->span) == "2.50");
  CHECK(parsed.written(parsed.at("ключ.e").value->span) == "7");
}

TEST_CASE("tables know what made them") {
  using Made = Node::Table::Made;
  const Parsed parsed("[a.b]\nc.d = 1\ne = { f = 1 }\n[[g]]\nh = 1\n");
  REQUIRE(parsed.root);
  CHECK(parsed.at("a").value->table()->made == Made::implied);
  CHECK(parsed.at("a.b").value->table()->made == Made::by_header);
  CHECK(parsed.at("a.b.c").value->table()->made == Made::by_dotted_key);
  CHECK(parsed.at("a.b.e").value->table()->made == Made::in_line);
  CHECK(parsed.at("g").value->array()->items[0]->table()->made == Made::by_header);
}

TEST_CASE("the header in force is known for every place") {
  const std::string text = "x = 1\n[a]\ny = 2\n[a.b]\nz = 3\n[[c]]\nw = 4\n";
  const Parsed parsed(text);
  const HeaderIndex headers(*parsed.root);
  CHECK(headers.header_at(0) == nullptr);
  CHECK(parsed.written(*headers.header_at(static_cast<std::uint32_t>(text.find('y')))) == "[a]");
  CHECK(parsed.written(*headers.header_at(static_cast<std::uint32_t>(text.find('z')))) == "[a.b]");
  CHECK(parsed.written(*headers.header_at(static_cast<std::uint32_t>(text.find('w')))) == "[[c]]");
}

TEST_CASE("a file in pieces gives the same tree as the file in one") {
  std::string text = "top = 1\n";
  for (int i = 0; i < 3000; ++i) {
    const auto n = std::to_string(i);
    text += "[vm.v" + n + "]\ncores = 4\ndisk.os.size = \"40GiB\"\ndisk.os.storage = 'x'\n";
    if (i % 3 == 0)
      text +=
          "[vm.v" + n + ".nic.lan]\nip = \"\"\"\n[no.header]\n\"\"\"\"\ntags = [\n['[x]'],\n]\n";
  }
  const auto pieces = parse_toml(text, 0);
  REQUIRE(pieces);
  REQUIRE(text.size() > 200'000);
  CHECK((*pieces)->find("vm")->value->table()->entries.size() == 3000);
  // A list of tables cannot be joined from pieces: the whole text is parsed at once.
  const auto whole = parse_toml(text + "[[z]]\n[[z]]\n", 0);
  REQUIRE(whole);
  CHECK(dump(*(*pieces)->find("vm")->value) == dump(*(*whole)->find("vm")->value));
}

TEST_CASE("what spoils a whole file is found when it is read in pieces too") {
  std::string text = "[first]\na = { x = 1 }\nb.c = 1\n";
  for (int i = 0; i < 3000; ++i)
    text += "[record.r" + std::to_string(i) +
            "]\ninput = \"0123456789012345678901234567890123456789\"\n";
  REQUIRE(parse_toml(text, 0));
  const std::string tail =
      GENERATE("[first]\n", "[record.r7]\n", "[first.a]\ny = 1\n", "[first.b]\nd = 1\n",
               "[[first]]\n", "[first.a.x]\n", "[record.r8.input]\n");
  INFO(tail);
  CHECK_FALSE(parse_toml(text + tail, 0));
}

TEST_CASE("the outline follows strings, brackets and comments") {
  const std::string text =
      "a = '[no]' # [no]\n[yes]\nb = [\n  [1],\n]\nc = '''\n[no]\n''''\n  [[also]]\nd = "
      "\"\\\"[no]\"\n";
  std::vector<std::string> headers;
  for (const auto begin : outline_of(text).headers) {
    headers.push_back(text.substr(begin, text.find('\n', begin) - begin));
  }
  CHECK(headers == std::vector<std::string>{"[yes]", "  [[also]]"});
  CHECK(text.substr(statement_begin(text, text.find("[1]")), 1) == "b");
}

TEST_CASE("files that are too large are refused by their size") {
  SourceMap sources;
  Diagnostics diagnostics;
  const auto file = sources.add("a.toml", std::string(101, '#'));
  CHECK_FALSE(parse_document(sources, file, diagnostics, 100));
  REQUIRE(diagnostics.items().size() == 1);
  CHECK(diagnostics.items()[0].detail ==
        "The file has 101 bytes; at most 100 are read. Split the topology.");
}

TEST_CASE("depth without end is refused and does not crash") {
  const std::string deep =
      GENERATE("a = " + std::string(1'000'000, '['), "a = " + std::string(1'000'000, '{'), [] {
        std::string keys = "a";
        for (int i = 0; i < 500'000; ++i) keys += ".a";
        return keys + " = 1";
      }());
  const Parsed parsed(deep);
  REQUIRE(parsed.diagnostics.items().size() == 1);
  CHECK(parsed.diagnostics.items()[0].summary == "Nested too deeply");
}

TEST_CASE("utf-8 is checked as the standard wants it") {
  CHECK(utf8_sequence("a") == 1);
  CHECK(utf8_sequence("ü") == 2);
  CHECK(utf8_sequence("日") == 3);
  CHECK(utf8_sequence("🦀") == 4);
  const std::string bad =
      GENERATE("\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
               "\xF4\x90\x80\x80", "\xF8", "\xC3", "\xE6\x97");
  CHECK(utf8_sequence(bad) == 0);
}
