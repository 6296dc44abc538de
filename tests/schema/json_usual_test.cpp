#include "schema/json_usual.hpp"

#include "schema/json.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan::schema;

namespace {

/// Kinds, order and texts of everything inside.
std::string dump(const Value& value) {
  auto result = std::to_string(static_cast<int>(value.kind()));
  if (value.has_fields()) {
    for (const auto& [name, inner] : value.as_fields()) result += " " + name + "=" + dump(inner);
    return "{" + result + "}";
  }
  if (value.kind() == Value::Kind::list) {
    for (const auto& item : value.as_list()) result += " " + dump(item);
    return "[" + result + "]";
  }
  return result + "'" + to_json(value) + "'";
}

/// Whether the reader took the text; what it took it must have read as the library does.
bool takes(const std::string& text) {
  const auto usual = read_usual_json(text);
  if (!usual) return false;
  INFO(text);
  const auto library = parse_json_by_library(text);
  REQUIRE(library);
  CHECK(dump(*usual) == dump(*library));
  return true;
}

const std::vector<std::string>& samples() {
  static const std::vector<std::string> kSamples = {
      R"({"a":1,"b":[true,false,null,-7,"x"],"c":{"d":{},"e":[]},"a":"the last one stays"})",
      " { \"z\" : \"\\\"\\\\\\/\\n\\t\\r\" ,\n\t\"y\" : [ ] , \"x\" : 999999999999999999 } \r\n",
      "[[\"\xC3\xA9\xE6\xBC\xA2\xF0\x9F\x98\x80\x7F\"],0,\"\"]",
  };
  return kSamples;
}

}  // namespace

TEST_CASE("what nearly every state is made of is read without the JSON library") {
  for (const auto& sample : samples()) CHECK(takes(sample));
  for (const char* text : {"null", "true", "\"x\"", "0", "-1", "[]", "{}"}) CHECK(takes(text));
}

TEST_CASE("what is unusual or wrong in JSON is left to the library") {
  const std::string text = GENERATE(
      "", " ", "1.5", "1e3", "-0", "01", "-", "+1", "9223372036854775807", "\"\\u0041\"", "\"\\b\"",
      "\"\\x\"", "\"open", "\"\x01\"", "\"\xC3\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"", "[1,]",
      "[,1]", "[1 2]", "[1", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{\"a\":1", "1 2", "nul",
      "truefalse", "\xEF\xBB\xBF{}", "[1.0]", "// x\n1");
  INFO(text);
  CHECK_FALSE(takes(text));
  const auto parsed = parse_json(text);
  const auto library = parse_json_by_library(text);
  REQUIRE(parsed.has_value() == library.has_value());
  if (parsed) CHECK(dump(*parsed) == dump(*library));
}

TEST_CASE("lists beyond every answer are left to the library") {
  CHECK(takes(std::string(40, '[') + std::string(40, ']')));
  CHECK_FALSE(takes(std::string(100, '[') + std::string(100, ']')));
}

TEST_CASE("a JSON text with any one character changed is read as the library reads it, or left") {
  const std::string others = "\"'[]{},:\n\t \\0-1e.tnu\xC3\x7F";
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
  CHECK(taken > 500);
}
