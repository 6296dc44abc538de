// `show ADDRESS`: what is wanted, what was written, and what is, on a terminal.

#include "engine/view/text.hpp"
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"

#include <fmt/format.h>

#include <sstream>

using namespace pveplan;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection();

std::string numbered_words(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += fmt::format("word{} ", i);
  return text + "end";
}

std::string shown(Rig& rig, const std::string& address) {
  const auto ended = rig.run({"show", address});
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == 0);
  std::istringstream lines(ended.out);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK(view::columns(line) <= 80);
    CHECK_FALSE(line.ends_with(' '));
  }
  return ended.out;
}

}  // namespace

TEST_CASE("show fits 80 columns and cuts nothing") {
  Rig rig(1);
  const auto topology = [](const std::string& comment) {
    return kHead + "[vm.a]\nmemory = \"512MiB\"\ndescription = \"" + comment +
           "\"\ncloud_init.user = \"a\"\ncloud_init.password = { env = \"TOKEN\" }\n"
           "disk.os = { storage = \"local-lvm\", size = \"1GiB\" }\n"
           "nic.a_name_of_thirty_two_characters_ = { bridge = \"vmbr0\", ip = \"10.10.20.50/24\" "
           "}\n";
  };
  rig.write_topology(topology(numbered_words(40)));
  const auto applied = rig.run({"apply", "--auto-approve"});
  INFO(applied.out << applied.err);
  REQUIRE(applied.exit_code == 0);
  const auto same = shown(rig, "vm.a");
  for (const auto* part : {"word0", "word39", "end\"\n", "10.10.20.50/24", "512 MiB", "all three"})
    CHECK(same.find(part) != std::string::npos);
  CHECK(same.find("hmac") == std::string::npos);

  rig.write_topology(topology("short"));
  const auto edited = shown(rig, "vm.a");
  CHECK(edited.find("      topology         short\n") != std::string::npos);
  CHECK(edited.find("      state, live      ") != std::string::npos);
  tests::check_golden(tests::golden_directory() + "/plans/show.txt", edited);
}
