// What exists and is not declared, named by `live:`.

#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

std::string head(int nodes = 1) {
  return "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection(nodes);
}

std::string vm(const std::string& name, const std::string& rest) {
  return fmt::format("[vm.{}]\n{}\n", name, rest);
}

sim::Ended run(Rig& rig, const std::string& text, const std::vector<std::string>& command) {
  rig.write_topology(text);
  return rig.run(command);
}

void must_apply(Rig& rig, const std::string& text) {
  const auto ended = run(rig, text, {"apply", "--auto-approve"});
  INFO(text << ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
}

void must_match(Rig& rig, const std::string& text) {
  const auto ended = run(rig, text, {"plan", "--detailed-exitcode"});
  INFO(text << ended.out << ended.err);
  CHECK(ended.exit_code == 0);
}

/// The listing is a little behind.
void let_time_pass(Rig& rig) {
  rig.world.clock.pass(std::chrono::minutes(2));
  rig.lab.advance(rig.world.clock.now());
}

/// Somebody else's template, 250 and called "golden": made by its own topology and forgotten.
lab::Guest& make_template(Rig& rig, const std::string& node = "pve", int nodes = 1) {
  const auto image =
      "[image.debian]\nstorage = \"local\"\n"
      "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n";
  must_apply(rig, head(nodes) + image +
                      fmt::format("[template.golden]\nimage = \"debian\"\nstorage = \"local-lvm\"\n"
                                  "vmid = 250\nnodes = [\"{}\"]\ndisk.os.size = \"4GiB\"\n",
                                  node));
  const auto forget = [](const std::string& address) {
    return fmt::format("[[removed]]\naddress = \"{}\"\ndestroy = false\n", address);
  };
  must_apply(rig, head(nodes) + forget("template.golden") + forget("image.debian"));
  auto& guest = rig.lab.world().guests.at(250);
  guest.options["description"] = "made by hand";
  guest.options["name"] = "golden";
  let_time_pass(rig);
  return guest;
}

/// A copy of the template under another number, as far as the listing goes.
void add_listed(Rig& rig, int vmid, const std::string& name, bool is_template) {
  auto guest = rig.lab.world().guests.at(250);
  guest.options["name"] = name;
  guest.options.erase("scsi0");
  if (!is_template) guest.options.erase("template");
  rig.lab.world().guests[vmid] = std::move(guest);
  let_time_pass(rig);
}

const lab::Guest& guest_called(Rig& rig, const std::string& name) {
  for (const auto& [vmid, guest] : rig.lab.world().guests) {
    if (guest.options.contains("name") && guest.options.at("name") == name) return guest;
  }
  throw std::logic_error("no guest " + name);
}

}  // namespace

TEST_CASE(
    "a guest is cloned from a template that is not declared, and the template is left alone") {
  const std::string named = GENERATE("live:250", "live:golden");
  Rig rig(GENERATE(1, 2));
  make_template(rig);
  const auto before = rig.lab.world().guests.at(250).options;
  const auto asked = rig.requests().size();
  const auto text = head() + vm("web", fmt::format("template = \"{}\"\nmemory = \"1GiB\"\n"
                                                   "disk.os.size = \"10GiB\"\n",
                                                   named));
  const auto seen = run(rig, text, {"plan"});
  INFO(seen.out << seen.err);
  CHECK(contains(seen.out, "full clone of 250 (golden on pve, not managed), copies its disks"));
  must_apply(rig, text);
  must_match(rig, text);
  const auto& made = guest_called(rig, "web");
  CHECK(made.options.at("scsi0").find("size=10G") != std::string::npos);
  CHECK(rig.lab.world().guests.at(250).options == before);
  const auto requests = rig.requests();
  for (auto at = asked; at < requests.size(); ++at) {
    const bool about_it = requests[at].find("/qemu/250") != std::string::npos;
    const bool copies = requests[at].ends_with("/qemu/250/clone");
    CHECK((!about_it || copies || requests[at].starts_with("GET ")));
  }
}

TEST_CASE("disk.os is the disk that the template boots from, and new disks avoid its others") {
  Rig rig(1);
  auto& options = make_template(rig).options;
  options["virtio0"] = options.at("scsi0");
  options.erase("scsi0");
  options["boot"] = "order=virtio0";
  const auto text = head() + vm("web",
                                "template = \"live:golden\"\ndisk.os.size = \"10GiB\"\n"
                                "disk.data = { storage = \"local-lvm\", size = \"1GiB\" }\n");
  must_apply(rig, text);
  must_match(rig, text);
  const auto& made = guest_called(rig, "web").options;
  CHECK(made.at("virtio0").find("size=10G") != std::string::npos);
  CHECK(made.at("scsi0").find("size=1G") != std::string::npos);
}

TEST_CASE("a guest stays as it is when the template that it came from is gone") {
  Rig rig(1);
  make_template(rig);
  const auto text = head() + vm("web", "template = \"live:golden\"\n");
  must_apply(rig, text);
  add_listed(rig, 260, "golden", true);  // now there are two
  must_match(rig, text);
  rig.lab.world().guests.erase(260);
  rig.lab.world().guests.erase(250);
  let_time_pass(rig);
  must_match(rig, text);
}

TEST_CASE("a name that means nothing, several things or no template is an error with its cure") {
  Rig rig(1);
  make_template(rig);
  add_listed(rig, 261, "plain", false);
  add_listed(rig, 262, "twin", true);
  add_listed(rig, 263, "twin", true);
  const auto refused = [&](const std::string& name) {
    const auto ended = run(rig, head() + vm("web", "template = \"live:" + name + "\"\n"), {"plan"});
    CHECK(ended.exit_code == 1);
    CHECK(contains(ended.err, "template = \"live:"));
    return ended.err;
  };
  CHECK(contains(refused("goldn"), "Did you mean \"golden\"?"));
  CHECK(contains(refused("999"), "has no VM \"999\""));
  CHECK(contains(refused("plain"), "261 (plain) on pve is a VM"));
  const auto two = refused("twin");
  CHECK(contains(two, "262 on pve and 263 on pve"));
  CHECK(contains(two, "live:262"));
}

TEST_CASE("a clone goes where the template's disks are, unless all nodes see them") {
  Rig rig(1, 2);
  make_template(rig, "pve2", 2);
  const auto chosen = run(rig, head(2) + vm("web", "template = \"live:golden\"\n"), {"plan"});
  INFO(chosen.out << chosen.err);
  CHECK(contains(chosen.out, "on pve2"));
  const auto elsewhere =
      run(rig, head(2) + vm("web", "template = \"live:golden\"\nnode = \"pve1\"\n"), {"plan"});
  CHECK(elsewhere.exit_code == 1);
  CHECK(contains(elsewhere.err, "lies on local-lvm of pve2, which pve1 does not see"));
}

TEST_CASE("a guest goes into a pool that is not declared, when there is one") {
  Rig rig(1);
  rig.lab.world().access.pools["team"].comment = "by hand";
  const auto text = [](const std::string& pool) {
    return head() + vm("web", "memory = \"1GiB\"\npool = \"live:" + pool + "\"\n");
  };
  const auto unknown = run(rig, text("taem"), {"plan"});
  CHECK(unknown.exit_code == 1);
  CHECK(contains(unknown.err, "The cluster has no pool \"taem\" that this token may see."));
  must_apply(rig, text("team"));
  must_match(rig, text("team"));
  CHECK(rig.lab.world().access.pools.at("team").comment == "by hand");
  must_apply(rig, head());
  CHECK(rig.lab.world().access.pools.contains("team"));
}

TEST_CASE("an apply that clones such a template is finished wherever it was stopped") {
  Rig whole(5);
  make_template(whole);
  const auto text = head() + vm("web", "template = \"live:golden\"\nmemory = \"1GiB\"\n");
  const auto boundaries = run(whole, text, {"apply", "--auto-approve"}).boundaries;
  REQUIRE(boundaries > 30);
  for (std::uint64_t boundary = 1; boundary < boundaries; boundary += 3) {
    Rig rig(5);
    make_template(rig);
    rig.write_topology(text);
    sim::Conditions stopped;
    stopped.stop_before = boundary;
    INFO("boundary " << boundary);
    rig.run({"apply", "--auto-approve"}, stopped);
    rig.world.crash();
    must_apply(rig, text);
    must_match(rig, text);
    CHECK(rig.lab.world().guests.size() == 2);
  }
}
