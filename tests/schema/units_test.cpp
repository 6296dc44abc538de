#include "schema/units.hpp"

#include "tests/support/catch.hpp"

using namespace pveplan::schema;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("sizes are a number and a binary unit") {
  const auto [text, bytes] = GENERATE(table<std::string, std::int64_t>({
      {"0B", 0},
      {"512B", 512},
      {"1KiB", 1024},
      {"40GiB", std::int64_t{40} << 30},
      {"1.5GiB", 1610612736},
      {"0.5KiB", 512},
      {"7PiB", std::int64_t{7} << 50},
  }));
  INFO(text);
  CHECK(parse_size(text) == bytes);
}

TEST_CASE("what is no size is answered with what to write") {
  const auto [text, part] = GENERATE(table<std::string, std::string>({
      {"40", "write \"40GiB\""},
      {"40G", "write \"40GiB\""},
      {"40GB", "write \"40GiB\""},
      {"40 GiB", "write \"40GiB\""},
      {"4mb", "write \"4MiB\""},
      {"", "write \"40GiB\""},
      {"GiB", "write \"40GiB\""},
      {"1.3B", "no whole number of bytes"},
      {"9000PiB", "below 8 EiB"},
      {"99999999999999999999GiB", "below 8 EiB"},
      {"1.00000000000001GiB", "no whole number"},
      {"-1GiB", "a number and a unit"},
      {"4parsecs", "B, KiB, MiB"},
  }));
  INFO(text);
  const auto size = parse_size(text);
  REQUIRE_FALSE(size);
  CHECK(size.error().find(part) != std::string::npos);
}

TEST_CASE("a bare number is answered with the unit that a person means") {
  CHECK(contains(advise_unit("32", false), "write \"32GiB\"."));
  const auto small = advise_unit("4", true);
  CHECK(contains(small, "write \"4GiB\""));
  CHECK(contains(small, "\"4MiB\" if that is meant"));
  const auto usual = advise_unit("4096", true);
  CHECK(contains(usual, "write \"4096MiB\""));
  CHECK(contains(usual, "\"4GiB\", which is the same"));
  CHECK(contains(advise_unit("1500", true), "write \"1500MiB\"."));
  CHECK(contains(advise_unit("1.5", true), "write \"1.5GiB\""));
  for (const bool memory : {false, true}) {
    CHECK(contains(advise_unit("4294967296", memory), "write \"4GiB\" if 4294967296 bytes"));
    CHECK(contains(advise_unit("-4", memory), "write \"40GiB\""));
  }
}

TEST_CASE("sizes print in their largest exact unit") {
  CHECK(format_size(0) == "0B");
  CHECK(format_size(1536) == "1536B");
  CHECK(format_size(std::int64_t{40} << 30) == "40GiB");
  CHECK(format_size(std::int64_t{4096} << 50) == "4096PiB");
}

TEST_CASE("durations go from large units to small ones") {
  const auto [text, seconds] = GENERATE(table<std::string, std::int64_t>(
      {{"0s", 0}, {"90s", 90}, {"5m", 300}, {"1h30m", 5400}, {"2d", 172800}, {"1d1h1m1s", 90061}}));
  INFO(text);
  CHECK(parse_duration(text) == seconds);
}

TEST_CASE("what is no duration is refused") {
  const std::string text = GENERATE("", "5", "m", "5x", "5m1h", "5m5m", "-5m", "5 m",
                                    "99999999999999999999s", "9223372036854775807d");
  INFO(text);
  CHECK_FALSE(parse_duration(text));
}

TEST_CASE("durations print in their shortest exact form") {
  CHECK(format_duration(0) == "0s");
  CHECK(format_duration(5400) == "1h30m");
  CHECK(format_duration(90061) == "1d1h1m1s");
}
