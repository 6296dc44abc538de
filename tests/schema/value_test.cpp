#include "schema/value.hpp"

#include "schema/json.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan::schema;

TEST_CASE("json round trips through values byte for byte") {
  const std::string text =
      R"({"a":[1,-2,1.50,true,null,"x\n\"ü"],"b":{"c":{}},"d":18446744073709551615})";
  const auto value = parse_json(text);
  REQUIRE(value);
  CHECK(to_json(*value) == text);
}

TEST_CASE("broken json is an error in our words, with its place") {
  const auto expect = [](const std::string& text, const std::string& fault) {
    const auto value = parse_json(text);
    INFO(text);
    REQUIRE_FALSE(value);
    CHECK(value.error().detail == "The text is no JSON: " + fault + ".");
  };
  const std::string stray = "something that does not belong there stands at ";
  expect(R"({"a": [1, })", stray + "line 1, column 11 (byte 11)");
  expect("{\n \"a\": 1\n \"b\": 2}", stray + "line 3, column 4 (byte 14)");
  expect("x", stray + "line 1, column 1 (byte 1)");
  expect("{\"a\":\n[1,", "it ends too early, behind line 2, column 3 (byte 9)");
  expect("\"a\xff\"", "bytes that are no UTF-8 stand at line 1, column 3 (byte 3)");
  expect("\"a\nb\"", "a control character stands inside of a text at line 1, column 3 (byte 3)");
  expect("1e999", "a number that is too large stands at line 1, column 5 (byte 5)");
  expect("", "it is empty");
}

TEST_CASE("json deeper than any answer is refused instead of overflowing the stack") {
  CHECK_FALSE(parse_json(std::string(100'000, '[')));
}

TEST_CASE("fields are sorted and of equal names the last one stays") {
  const auto value =
      Value::object({{"b", Value::integer(1)}, {"a", Value()}, {"b", Value::integer(2)}});
  CHECK(to_json(value) == R"({"a":null,"b":2})");
}

TEST_CASE("setting a path copies only what lies on the way") {
  const auto before = *parse_json(R"({"disk":{"data":{"size":1}},"x":1})");
  const auto after = before.with(Path::parse("disk.data.size"), Value::integer(2));
  CHECK(to_json(after) == R"({"disk":{"data":{"size":2}},"x":1})");
  CHECK(to_json(before) == R"({"disk":{"data":{"size":1}},"x":1})");
  CHECK(to_json(after.with(Path::parse("x"), Value())) == R"({"disk":{"data":{"size":2}}})");
}

TEST_CASE("the sensitive mark survives copies and does not change equality") {
  const auto secret = Value::string("s").as_sensitive();
  const auto copy = secret;
  CHECK(copy.sensitive());
  CHECK(copy == Value::string("s"));
}

TEST_CASE("references print as they are written") {
  Reference reference;
  reference.parts.push_back({"http://$", *parse_address("vm.db[1]"), false, Path::parse("ip")});
  reference.parts.push_back({":80", std::nullopt, false, {}});
  CHECK(reference.text() == "http://$$${vm.db[1].ip}:80");
  CHECK(Value::list({Value::reference(reference)}).contains_reference());
}
