#include "state/utf8.hpp"

#include "tests/support/catch.hpp"

#include <string>

using namespace pveplan::state;

TEST_CASE("well-formed texts are left alone") {
  const std::string text = GENERATE("", "plain", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                    "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf");
  CHECK(is_utf8(text));
  CHECK(mended_utf8(text) == text);
}

TEST_CASE("bytes that are no character are replaced one by one") {
  const std::string text = GENERATE("\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                                    "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80", "\xe2\x82");
  CHECK_FALSE(is_utf8(text));
  std::string expected = "a";
  for (std::size_t i = 0; i < text.size(); ++i) expected += "\xEF\xBF\xBD";
  CHECK(mended_utf8("a" + text) == expected);
}
