#include "state/snapshot.hpp"

#include "model/sha256.hpp"
#include "tests/state/samples.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <string>

using namespace pveplan;
using namespace pveplan::state;

namespace {

/// Puts the right checksum behind a text that was changed by hand.
std::string sealed(std::string text) {
  const auto body = text.substr(0, text.rfind("\"sha256\""));
  return fmt::format("{}\"sha256\":\"{}\"}}\n", body, model::sha256_hex(body));
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a snapshot gives back the state it was written from") {
  const auto state = samples::state();
  const auto read = read_snapshot(write_snapshot(state));
  REQUIRE(read);
  CHECK(*read == state);
}

TEST_CASE("equal states are equal bytes") {
  const auto bytes = write_snapshot(samples::state());
  CHECK(write_snapshot(*read_snapshot(bytes)) == bytes);
}

TEST_CASE("a snapshot has one line a row, rows in the order in which people count") {
  const auto bytes = write_snapshot(samples::state());
  const auto two = bytes.find("\n{\"address\":\"vm.db[2]\"");
  const auto ten = bytes.find("\n{\"address\":\"vm.db[10]\"");
  const auto web = bytes.find("\n{\"address\":\"vm.web\"");
  REQUIRE(web != std::string::npos);
  CHECK(two < ten);
  CHECK(ten < web);
}

TEST_CASE("a state without rows is a small file that reads back") {
  StateFile state;
  state.lineage = "aa";
  const auto read = read_snapshot(write_snapshot(state));
  REQUIRE(read);
  CHECK(*read == state);
}

TEST_CASE("no flipped bit of a snapshot passes") {
  auto bytes = write_snapshot(samples::state());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const char mask : {'\x01', '\x02', '\x20', '\x80'}) {
      bytes[i] = static_cast<char>(bytes[i] ^ mask);
      const auto read = read_snapshot(bytes);
      INFO("byte " << i);
      REQUIRE_FALSE(read);
      bytes[i] = static_cast<char>(bytes[i] ^ mask);
    }
  }
}

TEST_CASE("no cut snapshot passes") {
  const auto bytes = write_snapshot(samples::state());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    INFO("length " << length);
    REQUIRE_FALSE(read_snapshot(std::string_view(bytes).substr(0, length)));
  }
}

TEST_CASE("a newer format is refused and names the version that wrote it") {
  auto text = replaced(write_snapshot(samples::state()), "\"format\":1", "\"format\":2");
  text = sealed(replaced(text, "\"program\":\"0.1.0\"", "\"program\":\"3.7.1\""));
  const auto read = read_snapshot(text);
  REQUIRE_FALSE(read);
  CHECK(read.error().summary == "State of a newer version");
  CHECK(read.error().detail.find("written by pveplan 3.7.1") != std::string::npos);
}

TEST_CASE("what a later program of the same format added survives") {
  auto text =
      replaced(write_snapshot(samples::state()), "\"topology\"", "\"colour\":[1],\n\"topology\"");
  text = replaced(text, "\"fingerprint\":\"f1\"", "\"fingerprint\":\"f1\",\"protect\":true");
  text = replaced(text, "\"owned\":{\"size\"", "\"grown\":{\"by\":1},\"owned\":{\"size\"");
  text = sealed(replaced(text, "\"id\":4", "\"deadline\":7,\"id\":4"));
  const auto state = read_snapshot(text);
  REQUIRE(state);
  const auto written = write_snapshot(*state);
  for (const auto* member :
       {"\"colour\":[1]", "\"protect\":true", "\"grown\":{\"by\":1}", "\"deadline\":7"}) {
    INFO(member);
    CHECK(written.find(member) != std::string::npos);
  }
  CHECK(write_snapshot(*read_snapshot(written)) == written);
}

TEST_CASE("members of the wrong type are refused by name") {
  const auto [from, to, named] = GENERATE(table<std::string, std::string, std::string>(
      {{"\"serial\":12", "\"serial\":\"12\"", "'serial'"},
       {"\"serial\":12", "\"serial\":-1", "'serial'"},
       {"\"lineage\":\"0011", "\"x\":\"0011", "'lineage'"},
       {"\"retired_vmids\":[100", "\"retired_vmids\":[\"a\"", "'retired_vmids'"},
       {"\"schema_version\":2", "\"schema_version\":0", "'schema_version'"},
       {"\"status\":\"incomplete\"", "\"status\":\"gone\"", "'status'"},
       {"\"address\":\"vm.web\"", "\"address\":\"web\"", "'address'"},
       {"\"dependencies\":[\"bridge.lan\"", "\"dependencies\":[\"lan\"", "'dependencies'"},
       {"\"kept\":true", "\"kept\":1", "'parts'"},
       {"\"id\":3", "\"id\":0", "'id'"},
       {"\"id\":3", "\"id\":5", "intent number 5"},
       {"\"id\":3", "\"id\":4", "intent number 4"},
       {"\"address\":\"vm.db[10]\"", "\"address\":\"vm.db[2]\"", "'vm.db[2]' twice"}}));
  const auto read = read_snapshot(sealed(replaced(write_snapshot(samples::state()), from, to)));
  INFO(to);
  REQUIRE_FALSE(read);
  CHECK(read.error().summary == "Damaged state");
  CHECK(read.error().detail.find(named) != std::string::npos);
}
