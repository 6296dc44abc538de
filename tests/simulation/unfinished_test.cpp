// What an apply that was killed has left behind is our own unfinished work, and told as such.
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

const std::string kHead =
    "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection() +
    "[ip_pool.lan]\ncidr = \"10.10.20.0/24\"\nallocate = [\"10.10.20.50-10.10.20.99\"]\n"
    "[image.debian]\nstorage = \"local\"\nnodes = [\"pve\"]\n"
    "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n"
    "[template.debian]\nimage = \"debian\"\nstorage = \"local-lvm\"\nnodes = [\"pve\"]\n"
    "disk.os.size = \"4GiB\"\ncores = 1\nmemory = \"1GiB\"\n";

std::string guest(const std::string& origin) {
  return fmt::format(
      "[vm.a]\n{}\ncores = 2\nmemory = \"2GiB\"\ntags = [\"web\"]\n"
      "disk.os.size = \"8GiB\"\nnic.lan = {{ bridge = \"vmbr0\", ip = \"pool:lan\" }}\n"
      "cloud_init = {{ user = \"admin\" }}\n",
      origin);
}

const std::string kClone = "template = \"debian\"";
const std::string kFromImage = "image = \"debian\"\ndisk.os.storage = \"local-lvm\"";

/// Kills an apply as soon as a step has ended.
void kill_after(Rig& rig, const std::string& step) {
  sim::Conditions conditions;
  conditions.on_output = [&step](sim::SimHost& host, const std::string& text) {
    const auto said = text.find(step);
    if (said != std::string::npos && text.find("done", said) != std::string::npos)
      host.control.stop_before(host.control.boundaries() + 1);
  };
  const auto ended = rig.run({"apply", "--auto-approve"}, conditions);
  INFO(ended.out << ended.err);
  REQUIRE(ended.stopped);
  rig.lab.advance(rig.world.clock.now() + std::chrono::minutes(5));
}

void expect_no_drift(Rig& rig) {
  const auto plan = rig.run({"plan"});
  INFO(plan.out << plan.err);
  CHECK(contains(plan.out, "resumes: created, not finished"));
  CHECK_FALSE(contains(plan.out, "Changed outside of pveplan"));
  CHECK_FALSE(contains(plan.out, "SSH host keys"));
  CHECK_FALSE(contains(plan.out, "waits for a restart"));
  const auto drift = rig.run({"drift"});
  INFO(drift.out << drift.err);
  CHECK(drift.exit_code == 0);
  CHECK(contains(drift.out, "No drift."));
  CHECK(contains(rig.run({"plan", "--refresh-only"}).out, "No changes."));
}

void expect_finish(Rig& rig) {
  const auto applied = rig.run({"apply", "--auto-approve"});
  INFO(applied.out << applied.err);
  CHECK(applied.exit_code == 0);
  rig.lab.advance(rig.world.clock.now() + std::chrono::minutes(5));
  CHECK(rig.lab.world().guests.size() == 2);
  const auto after = rig.run({"plan", "--detailed-exitcode"});
  INFO(after.out << after.err);
  CHECK(after.exit_code == 0);
  CHECK(contains(after.out, "No changes."));
}

/// The only guest that is no template.
lab::Guest& made(Rig& rig) {
  for (auto& [vmid, guest] : rig.lab.world().guests) {
    if (!guest.options.contains("template")) return guest;
  }
  FAIL("no guest was made");
  throw std::logic_error("not reached");
}

}  // namespace

TEST_CASE(
    "a guest that was cloned and never configured is no drift, and the next apply finishes it") {
  Rig rig(GENERATE(1, 2));
  rig.write_topology(kHead + guest(kClone));
  kill_after(rig, "clone debian");
  CHECK(made(rig).options.at("cores") == "1");
  expect_no_drift(rig);
  expect_finish(rig);
  CHECK(made(rig).running());
  CHECK(made(rig).options.at("cores") == "2");
}

TEST_CASE("a guest whose disk was not grown yet is no drift") {
  const auto& origin = GENERATE_REF(kClone, kFromImage);
  Rig rig(1);
  rig.write_topology(kHead + guest(origin));
  kill_after(rig, origin == kClone ? "configure" : "create 201");
  expect_no_drift(rig);
  expect_finish(rig);
}

TEST_CASE("a template that was not finished is no drift") {
  Rig rig(1);
  rig.write_topology(kHead);
  kill_after(rig, "import debian");
  const auto plan = rig.run({"plan"});
  INFO(plan.out << plan.err);
  CHECK_FALSE(contains(plan.out, "Changed outside of pveplan"));
  CHECK(rig.run({"drift"}).exit_code == 0);
  REQUIRE(rig.run({"apply", "--auto-approve"}).exit_code == 0);
  CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);
}

TEST_CASE("what somebody changes on a guest that only has not been started yet is drift") {
  Rig rig(1);
  rig.write_topology(kHead + guest(kClone));
  kill_after(rig, "disk.os to 8 GiB");
  CHECK(rig.run({"drift"}).exit_code == 0);
  made(rig).options["cores"] = "7";
  const auto drift = rig.run({"drift"});
  INFO(drift.out << drift.err);
  CHECK(drift.exit_code == 2);
  CHECK(contains(drift.out, "vm.a cores was 2, is 7, wanted 2"));
  expect_finish(rig);
  CHECK(made(rig).options.at("cores") == "2");
}
