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

TEST_CASE("broken json is an error with its place") {
  const auto value = parse_json(R"({"a": [1, })");
  REQUIRE_FALSE(value);
  CHECK(value.error().detail.find("byte 11") != std::string::npos);
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
