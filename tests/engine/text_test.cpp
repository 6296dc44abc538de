#include "engine/view/text.hpp"

#include "schema/key_ranges.hpp"
#include "schema/units.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan::view;
namespace schema = pveplan::schema;

TEST_CASE("sizes are shown in the largest unit that says them exactly") {
  CHECK(schema::readable_size(0) == "0 B");
  CHECK(schema::readable_size(1023) == "1023 B");
  CHECK(schema::readable_size(40ULL << 30) == "40 GiB");
  CHECK(schema::readable_size(3ULL << 39) == "1.5 TiB");
  CHECK(schema::readable_size((10ULL << 30) + (512ULL << 20)) == "10.5 GiB");
  CHECK(schema::readable_size(528ULL << 10) == "528 KiB");
  CHECK(schema::readable_size((1ULL << 30) + 1) == "1073741825 B");
}

TEST_CASE("a text is shortened to columns and not to bytes") {
  CHECK(shortened("short", 5) == "short");
  CHECK(shortened("shorter", 6) == "sho...");
  CHECK(shortened("grüße an alle", 8) == "grüße...");
  CHECK(shortened("grüße an alle", 2).empty());
}

TEST_CASE("keys fold into ranges") {
  CHECK(schema::key_ranges({"1", "2", "3", "5"}) == "1..3,5");
  CHECK(schema::key_ranges({"1", "2"}) == "1,2");
  CHECK(schema::key_ranges({"a", "b"}) == "a,b");
}

TEST_CASE("long text wraps under its column and words stay whole") {
  CHECK(wrapped("one two three", 4, 2, 10) == "one\n  two\n  three");
  CHECK(wrapped("averyveryverylongword x", 0, 2, 10) == "averyveryverylongword\n  x");
}

TEST_CASE("text for people never carries control characters") {
  const auto text = value_text(nullptr, pveplan::schema::Value::string("a\x1b[31m\nb"));
  CHECK(text == R"("a\u001b[31m\nb")");
}
