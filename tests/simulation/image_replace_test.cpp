// A new version of an image is there before the old one goes.
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\nvmids = [\"200-209\"]\n" + Rig::connection();

std::string image(const std::string& name) {
  return "[image.debian]\nstorage = \"local\"\nnodes = [\"pve\"]\nname = \"" + name +
         "\"\nurl = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n";
}

const std::string kGuest =
    "[vm.a]\nimage = \"debian\"\npower = \"stopped\"\n"
    "disk.os = { storage = \"local-lvm\", size = \"4GiB\" }\n";

std::set<std::string> files(Rig& rig) {
  std::set<std::string> names;
  for (const auto& [node, volumes] : rig.lab.world().storage.volumes.at("local")) {
    for (const auto& [name, volume] : volumes) names.insert(name);
  }
  return names;
}

sim::Ended applied(Rig& rig, const std::string& text) {
  rig.write_topology(kHead + text);
  return rig.run({"apply", "--auto-approve", "--allow", "data-loss=*"});
}

void must_apply(Rig& rig, const std::string& text) {
  const auto ended = applied(rig, text);
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
}

/// Position of the first request that begins like that; the number of all when there is none.
std::ptrdiff_t position(const std::vector<std::string>& requests, const std::string& start) {
  return std::find_if(requests.begin(), requests.end(),
                      [&start](const std::string& each) { return each.starts_with(start); }) -
         requests.begin();
}

}  // namespace

TEST_CASE("a new image is downloaded, and used, before the old file is deleted") {
  Rig rig(GENERATE(1, 2));
  must_apply(rig, image("v1"));
  CHECK(files(rig) == std::set<std::string>{"import/v1.qcow2"});
  rig.write_topology(kHead + image("v2") + kGuest);
  const auto plan = rig.run({"plan"});
  INFO(plan.out);
  CHECK(contains(plan.out, "the new one is made first; the old one goes when nothing uses it"));
  const auto before = rig.requests().size();
  must_apply(rig, image("v2") + kGuest);
  auto requests = rig.requests();
  requests.erase(requests.begin(), requests.begin() + static_cast<std::ptrdiff_t>(before));
  const auto download = position(requests, "POST /api2/json/nodes/pve/storage/local/download-url");
  const auto deletion = position(requests, "DELETE /api2/json/nodes/pve/storage/local/content");
  CHECK(download < deletion);
  CHECK(deletion < static_cast<std::ptrdiff_t>(requests.size()));
  CHECK(files(rig) == std::set<std::string>{"import/v2.qcow2"});
  CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);
}

TEST_CASE("an old file stays as long as the change of who uses it has failed, and goes later") {
  Rig rig(1);
  must_apply(rig, image("v1") + "[pool.p]\nafter = [\"image.debian\"]\n");
  lab::Fault refusal;
  refusal.kind = lab::FaultKind::failure;
  refusal.method = "PUT";
  refusal.path = "/pools.*";
  refusal.text = "no";
  rig.lab.world().faults.push_back(refusal);
  const auto second = image("v2") + "[pool.p]\nafter = [\"image.debian\"]\ncomment = \"two\"\n";
  const auto failed = applied(rig, second);
  INFO(failed.out << failed.err);
  CHECK(failed.exit_code == 3);
  CHECK(contains(failed.out, "partly image.debian[pve] 1 of 2 steps done; the rest needs pool.p"));
  CHECK(files(rig) == std::set<std::string>{"import/v1.qcow2", "import/v2.qcow2"});
  rig.lab.world().faults.clear();

  SECTION("the next apply deletes it") {
    must_apply(rig, second);
    CHECK(files(rig) == std::set<std::string>{"import/v2.qcow2"});
  }
  SECTION("back to the old version: the newer one goes") {
    must_apply(rig, image("v1") + "[pool.p]\nafter = [\"image.debian\"]\n");
    CHECK(files(rig) == std::set<std::string>{"import/v1.qcow2"});
  }
  SECTION("on to a third version: both go") {
    must_apply(rig, image("v3") + "[pool.p]\nafter = [\"image.debian\"]\n");
    CHECK(files(rig) == std::set<std::string>{"import/v3.qcow2"});
  }
  SECTION("a destroy takes both") {
    const auto gone = rig.run({"destroy", "--auto-approve", "--allow", "data-loss=*"});
    INFO(gone.out << gone.err);
    CHECK(gone.exit_code == 0);
    CHECK(files(rig).empty());
  }
  SECTION("somebody deletes the new one: it comes again, and the old one goes") {
    rig.lab.world().storage.volumes.at("local").begin()->second.erase("import/v2.qcow2");
    must_apply(rig, second);
    CHECK(files(rig) == std::set<std::string>{"import/v2.qcow2"});
  }
  rig.write_topology(kHead);
  CHECK(rig.run({"apply", "--auto-approve"}).exit_code == 0);
  CHECK(files(rig).empty());
}

TEST_CASE("a file that was there before the image is used and stays when it is replaced") {
  Rig rig(1);
  must_apply(rig, image("v1"));
  rig.write_topology(kHead);
  REQUIRE(rig.run({"state", "rm", "image.debian[pve]"}).exit_code == 0);
  must_apply(rig, image("v1"));
  must_apply(rig, image("v2"));
  CHECK(files(rig) == std::set<std::string>{"import/v1.qcow2", "import/v2.qcow2"});
}
