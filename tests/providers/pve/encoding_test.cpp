#include "providers/pve/client/encoding.hpp"

#include "providers/pve/client/redactor.hpp"
#include "providers/pve/client/server_time.hpp"
#include "providers/pve/coerce.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using schema::Value;

TEST_CASE("forms encode everything outside of the unreserved characters") {
  // the server splits at & and ; and each pair at every =
  CHECK(pve::encode_form({{"net0", "virtio,bridge=vmbr0"}, {"b", "a&b;c+d e%"}}) ==
        "net0=virtio%2Cbridge%3Dvmbr0&b=a%26b%3Bc%2Bd%20e%25");
  CHECK(pve::percent_encode("A-z_0.9~/\xC3\xBC") == "A-z_0.9~%2F%C3%BC");
  CHECK(pve::encode_form({}) == "");
}

TEST_CASE("the server's Date becomes RFC 3339, and its seconds can be compared") {
  CHECK(pve::rfc3339_from_http_date("Sat, 21 Nov 2026 10:30:39 GMT") == "2026-11-21T10:30:39Z");
  CHECK(pve::rfc3339_from_http_date("yesterday") == "");
  CHECK(pve::rfc3339_from_http_date("Sat, 21 Foo 2026 10:30:39 GMT") == "");
  CHECK(pve::epoch_from_rfc3339("1970-01-01T00:01:01Z") == 61);
  CHECK(pve::epoch_from_rfc3339("2026-11-21T10:30:39Z") == 1795257039);
  CHECK(pve::rfc3339_from_epoch(1795257039) == "2026-11-21T10:30:39Z");
  CHECK_FALSE(pve::epoch_from_rfc3339("2026-11-21").has_value());
  CHECK_FALSE(pve::epoch_from_rfc3339("2026-13-41T10:30:39Z").has_value());
}

TEST_CASE("numbers and flags are read in every form that the API answers them in") {
  const auto text = Value::string("512");
  const auto number = Value::integer(512);
  const auto word = Value::string("x");
  CHECK(pve::as_integer(&text) == 512);
  CHECK(pve::as_integer(&number) == 512);
  CHECK_FALSE(pve::as_integer(&word).has_value());
  CHECK_FALSE(pve::as_integer(nullptr).has_value());
  CHECK(pve::as_text(&number) == "512");

  const auto entry = Value::map({{"a", Value::string("1")},
                                 {"b", Value::integer(0)},
                                 {"c", Value::boolean(true)},
                                 {"d", Value()}});
  CHECK(pve::flag_of(entry, "a"));
  CHECK_FALSE(pve::flag_of(entry, "b"));
  CHECK(pve::flag_of(entry, "c"));
  CHECK_FALSE(pve::flag_of(entry, "d"));
  CHECK(pve::member(entry, "d") == nullptr);
  CHECK(pve::integer_of(entry, "missing", 7) == 7);
}

TEST_CASE("a redactor masks every remembered secret, the longest first") {
  pve::Redactor redactor;
  redactor.add("abc");
  redactor.add("abcdef");
  redactor.add("");
  CHECK(redactor.clean("token abcdef, again abc.") == "token (secret), again (secret).");
  CHECK(pve::Redactor::is_secret_parameter("cipassword"));
  CHECK_FALSE(pve::Redactor::is_secret_parameter("ciuser"));
}
