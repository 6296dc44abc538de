// `show ADDRESS --origin`, on topologies of several files.

#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

const std::string kFolder = "/home/tester/topology/";

/// The line, or the lines, that tell of one attribute.
std::string told_of(const std::string& text, const std::string& attribute) {
  const auto begin = text.find("\n  " + attribute + " ");
  if (begin == std::string::npos) return "nothing";
  auto end = text.find("\n  ", begin + 1);
  while (end != std::string::npos && text[end + 3] == ' ') end = text.find("\n  ", end + 1);
  return text.substr(begin, end - begin);
}

void write(Rig& rig) {
  rig.world.disk.place(kFolder + "common/base.toml",
                       "[variable.memory]\ndefault = \"2GiB\"\n"
                       "[profile.small]\ncores = 1\nmemory = \"1GiB\"\ntags = [\"small\"]\n"
                       "disk.os = { storage = \"local-lvm\", size = \"4GiB\" }\n"
                       "[profile.big]\nmemory = \"${var.memory}\"\ntags = [\"big\"]\n");
  rig.write_topology("[pveplan]\nname = \"t\"\ninclude = [\"common/*.toml\"]\n" +
                     Rig::connection() +
                     "[vm.web]\nuse = [\"small\", \"big\"]\nunset = [\"tags\"]\nfor_each = [\"a\", "
                     "\"b\"]\nonboot = true\neach.b.cores = 4\n"
                     "[vm.web.each.b.disk.os]\nsize = \"8GiB\"\n");
}

}  // namespace

TEST_CASE("each value is told with the line of the block, profile or override that states it") {
  Rig rig(1);
  write(rig);
  const auto ended = rig.run({"show", "vm.web[b]", "--origin"});
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
  const auto& text = ended.out;
  CHECK(contains(told_of(text, "onboot"), "true [vm.web] pveplan.toml:12"));
  CHECK(contains(told_of(text, "cores"), "4 each.b of [vm.web] pveplan.toml:13"));
  CHECK(contains(told_of(text, "memory"),
                 "2 GiB [profile.big] common/base.toml:9, variable \"memory\" (default "
                 "common/base.toml:2)"));
  CHECK(contains(told_of(text, "disk.os.storage"), "local-lvm [profile.small] common/base.toml:7"));
  CHECK(contains(told_of(text, "disk.os.size"),
                 "8 GiB each.b of [vm.web.each.b.disk.os] pveplan.toml:15"));
  CHECK(contains(told_of(text, "tags"), "unset"));
  CHECK(contains(told_of(text, "scsi_controller"), "virtio-scsi-single default (ours"));
  CHECK(contains(text, "left to Proxmox: "));
  CHECK(contains(text, "chosen when it is planned: "));
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
    CHECK(text.find('\n', at) - at <= 80);

  const auto other = rig.run({"show", "vm.web[a]", "--origin"}).out;
  CHECK(contains(told_of(other, "cores"), "1 [profile.small] common/base.toml:4"));
}

TEST_CASE("variables are told with the source that won, and choices once they are made") {
  Rig rig(1);
  write(rig);
  const std::vector<std::string> values = {"--var", "memory=3GiB"};
  const auto typed = rig.run({"show", "vm.web[a]", "--origin", values[0], values[1]});
  CHECK(contains(told_of(typed.out, "memory"), "3 GiB"));
  CHECK(contains(told_of(typed.out, "memory"), "variable \"memory\" (--var)"));
  rig.world.disk.place(kFolder + "prod.vars.toml", "\nmemory = \"5GiB\"\n");
  const auto filed = rig.run({"show", "vm.web[a]", "--origin", "--vars", "prod.vars.toml"});
  CHECK(contains(told_of(filed.out, "memory"), "variable \"memory\" (prod.vars.toml:2)"));
  CHECK(told_of(filed.out, "vmid") == "nothing");
  const auto applied = rig.run({"apply", "--auto-approve"});
  INFO(applied.out << applied.err);
  REQUIRE(applied.exit_code == 0);
  const auto made = rig.run({"show", "vm.web[a]", "--origin"}).out;
  CHECK(contains(told_of(made, "vmid"), "chosen by pveplan, kept in the state"));
}

TEST_CASE("a file that is included twice, missing or in a circle is the same in every world") {
  Rig rig(1);
  write(rig);
  CHECK(contains(rig.run({"validate"}).out, "is valid: 2 resources in 2 files."));
  rig.world.disk.place(kFolder + "common/more.toml", "[record.a]\n[record.b]\n");
  CHECK(contains(rig.run({"validate"}).out, "is valid: 4 resources in 3 files."));
  rig.world.disk.place(kFolder + "common/more.toml", "[vm.web]\n");
  const auto twice = rig.run({"validate"});
  CHECK(twice.exit_code == 1);
  CHECK(contains(twice.err, "common/more.toml:1:1"));
  CHECK(contains(twice.err, "pveplan.toml:8:1 the other one is here"));
}
