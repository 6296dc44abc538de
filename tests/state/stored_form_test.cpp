#include "state/stored_form.hpp"

#include "schema/json.hpp"
#include "tests/support/catch.hpp"

#include <string>

using namespace pveplan;
using schema::Value;
using namespace std::string_literals;

TEST_CASE("no sensitive value gets into a file") {
  const auto value = Value::object({{"a", Value::list({Value::string("hunter2").as_sensitive()})},
                                    {"b", Value::map({{"c", Value::integer(7)}}).as_sensitive()}});
  CHECK(schema::to_json(state::stored_form(value)) ==
        R"({"a":[{"redacted":true}],"b":{"redacted":true}})");
}

TEST_CASE("what is still unknown is stored as null") {
  const auto value = Value::object({{"a", Value::unknown()}, {"b", Value::boolean(true)}});
  CHECK(schema::to_json(state::stored_form(value)) == R"({"a":null,"b":true})");
}

TEST_CASE("objects of a schema come back as maps") {
  const auto stored = state::stored_form(Value::object({{"a", Value::object({})}}));
  CHECK(stored == *schema::parse_json(schema::to_json(stored)));
}

TEST_CASE("what is in that form already is shared") {
  const auto value = *schema::parse_json(R"({"a":[1,"ü",{"b":null}],"c":true})");
  CHECK(&state::stored_form(value).as_fields() == &value.as_fields());
}

TEST_CASE("decimals that JSON cannot carry become strings") {
  const std::string text =
      GENERATE("", "-", "1.", ".5", "01.5", "1e", "1e999", "nan", "1.5x", "+1.5", "0x1", "--1");
  CHECK(schema::to_json(state::stored_form(Value::decimal(text))) == '"' + text + '"');
}

TEST_CASE("every stored value comes back as it is") {
  const auto value =
      GENERATE(Value::decimal("1.50"), Value::decimal("-0.1"), Value::decimal("1e3"),
               Value::decimal("2.5E-7"), Value::decimal("7"), Value::decimal("-0"),
               Value::decimal("18446744073709551615"), Value::decimal("-99999999999999999999"),
               Value::string("\xff\xfe ok \xc3\xbc \xed\xa0\x80"),
               Value::string("nul \0 \"quoted\" \\ \x7f"s), Value::object({}),
               Value::map({{"\xc0", Value::integer(1)}}));
  const auto stored = state::stored_form(value);
  const auto back = schema::parse_json(schema::to_json(stored));
  REQUIRE(back);
  CHECK(*back == stored);
  CHECK(state::stored_form(stored) == stored);
}

TEST_CASE("values are cut where readers stop") {
  auto value = Value::integer(1);
  for (int i = 0; i < 150; ++i) value = Value::list({value});
  const auto text = schema::to_json(state::stored_form(value));
  CHECK(text == std::string(101, '[') + "null" + std::string(101, ']'));
}
