#include "state/stored_form.hpp"

#include "schema/json.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using schema::Value;

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

TEST_CASE("decimals that JSON cannot carry become strings") {
  const std::string good = GENERATE("1.50", "-0.1", "1e3", "2.5E-7", "0.0");
  CHECK(schema::to_json(state::stored_form(Value::decimal(good))) == good);
  const std::string bad =
      GENERATE("", "-", "1.", ".5", "01.5", "1e", "1e999", "nan", "1.5x", "+1.5");
  CHECK(schema::to_json(state::stored_form(Value::decimal(bad))) == '"' + bad + '"');
}
