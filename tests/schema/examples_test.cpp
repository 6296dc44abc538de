#include "schema/diagnostic_text.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/topologies.hpp"

#include <filesystem>

using namespace pveplan;

namespace {

namespace fs = std::filesystem;

/// Loads an example as its users do: with one of its files of variables where it has any.
std::string messages_of(const fs::path& folder, const std::optional<fs::path>& variables) {
  tests::TopologyText topology(tests::read_text((folder / "pveplan.toml").string()));
  std::string fingerprint = "AA";
  for (int i = 1; i < 32; ++i) fingerprint += ":AA";
  topology.any_file("ssh-ed25519 AAAA me@here\n")
      .environment("HOME", "/home/me")
      .environment("PVEPLAN_LAB_ENDPOINT", "https://127.0.0.1:8006")
      .environment("PVEPLAN_LAB_FINGERPRINT", fingerprint)
      .environment("PVEPLAN_LAB_MIRROR", "http://127.0.0.1:8007");
  if (variables) {
    topology.variable_file(variables->filename().string(), tests::read_text(variables->string()));
  }
  return topology.messages();
}

}  // namespace

TEST_CASE("every example validates without a remark") {
  std::size_t count = 0;
  for (const auto& example :
       fs::directory_iterator(std::string(PVEPLAN_SOURCE_DIR) + "/examples")) {
    if (!fs::exists(example.path() / "pveplan.toml")) continue;
    ++count;
    bool has_variables = false;
    for (const auto& file : fs::directory_iterator(example.path())) {
      if (!file.path().string().ends_with(".vars.toml")) continue;
      has_variables = true;
      CHECK(messages_of(example.path(), file.path()) == "");
    }
    if (!has_variables) CHECK(messages_of(example.path(), std::nullopt) == "");
  }
  CHECK(count >= 4);
}
