// What a plan says of clones: what is copied, and what of the storage is free afterwards.

#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using sim::Rig;

namespace {

std::string topology(const std::string& size, const std::string& rest) {
  return "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection() +
         "[image.debian]\nstorage = \"local\"\n"
         "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n"
         "[template.debian]\nimage = \"debian\"\nstorage = \"local-lvm\"\nnodes = [\"pve\"]\n" +
         size + rest;
}

std::string clone(const std::string& name, const std::string& rest = "") {
  return fmt::format("[vm.{}]\ntemplate = \"debian\"\n{}\n", name, rest);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string plan(Rig& rig, const std::string& text) {
  rig.write_topology(text);
  const auto ended = rig.run({"plan"});
  return ended.out + ended.err;
}

}  // namespace

TEST_CASE("a full clone says how much is copied, and counts where space gets scarce") {
  const std::string four = "disk.os.size = \"4GiB\"\n";
  Rig rig(1);
  const auto at_once = plan(rig, topology(four, clone("a")));
  INFO(at_once);
  CHECK(has(at_once, "full clone of template.debian[pve] (200), copies up to 4 GiB"));
  CHECK(has(at_once, "local-lvm pve 492 of 500 GiB"));  // the template and its clone

  const auto later = [&](const std::string& rest) {
    rig.write_topology(topology(four, ""));
    REQUIRE(rig.run({"apply", "--auto-approve"}).exit_code == 0);
    return plan(rig, topology(four, rest));
  };
  const auto full = later(clone("a") + clone("b", "disk.os.size = \"10GiB\"\n"));
  INFO(full);
  CHECK(has(full, "full clone of template.debian[pve] (200), copies up to 4 GiB"));
  CHECK(has(full, "local-lvm pve 485 of 500 GiB"));  // the template has a little already

  const auto linked = later(clone("a", "clone = \"linked\"\n"));
  INFO(linked);
  CHECK(has(linked, "linked clone of template.debian[pve] (200), copies nothing"));
  CHECK_FALSE(has(linked, "copies up to"));
}

TEST_CASE("the size of a template that says none is read from its config") {
  Rig rig(1);
  const auto unknown = plan(rig, topology("", clone("a")));
  INFO(unknown);
  CHECK(has(unknown, "full clone of template.debian[pve] (200), copies its disks"));
  rig.write_topology(topology("", ""));
  REQUIRE(rig.run({"apply", "--auto-approve"}).exit_code == 0);
  const auto known = plan(rig, topology("", clone("a")));
  INFO(known);
  CHECK(has(known, "full clone of template.debian[pve] (200), copies up to "));
  CHECK(has(known, "Free after apply: local-lvm pve "));
}
