#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection();

const std::string kFoundation =
    "[ip_pool.lan]\ncidr = \"10.10.20.0/24\"\nallocate = [\"10.10.20.50-10.10.20.99\"]\n"
    "gateway = \"10.10.20.1\"\ndns = [\"10.10.20.1\"]\n"
    "[pool.team]\ncomment = \"ours\"\n"
    "[image.debian]\nstorage = \"local\"\n"
    "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n"
    "[template.debian]\nimage = \"debian\"\nstorage = \"local-lvm\"\nagent = true\n"
    "disk.os.size = \"4GiB\"\n";

std::string vm(const std::string& name, const std::string& rest = "") {
  return fmt::format(
      "[vm.{}]\ntemplate = \"debian\"\npool = \"team\"\ncores = 2\nmemory = \"2GiB\"\n"
      "tags = [\"web\"]\ndescription = \"a machine\"\ndisk.os.size = \"8GiB\"\n"
      "disk.data = {{ storage = \"local-lvm\", size = \"10GiB\", discard = true }}\n"
      "nic.lan = {{ bridge = \"vmbr0\", ip = \"pool:lan\" }}\n"
      "cloud_init = {{ user = \"admin\" }}\n{}\n",
      name, rest);
}

void must_run(Rig& rig, const std::vector<std::string>& command) {
  const auto ended = rig.run(command);
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
}

void must_match(Rig& rig) {
  const auto plan = rig.run({"plan", "--detailed-exitcode"});
  INFO(plan.out << plan.err);
  CHECK(plan.exit_code == 0);
}

}  // namespace

TEST_CASE("an image, a template and its clones are made, and the next plan is empty") {
  const auto seed = GENERATE(1, 2);  // 9 and 8
  Rig rig(static_cast<std::uint64_t>(seed));
  rig.write_topology(kHead + kFoundation + vm("a") + vm("b"));
  const auto plan = rig.run({"plan"});
  INFO(plan.out << plan.err);
  REQUIRE(plan.exit_code == 0);
  must_run(rig, {"apply", "--auto-approve"});
  must_match(rig);
  must_run(rig, {"destroy", "--auto-approve", "--allow", "data-loss=*"});
  CHECK(rig.lab.world().guests.empty());
}
