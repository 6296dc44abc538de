#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <iostream>

using namespace pveplan;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\nvmids = [\"200-499\"]\n" + Rig::connection(3);

const std::string kTemplate =
    "[image.debian]\nstorage = \"local\"\n"
    "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n"
    "[template.debian]\nimage = \"debian\"\nstorage = \"local-lvm\"\n";

std::string machines(int count, const std::string& rest = "") {
  return kTemplate +
         fmt::format(
             "[vm.w]\ntemplate = \"debian\"\nclone = \"linked\"\ncores = 1\ncount = {}\n{}\n",
             count, rest);
}

void must_apply(Rig& rig, const std::string& text) {
  rig.write_topology(kHead + text);
  const auto ended = rig.run({"apply", "--auto-approve", "--allow", "data-loss=*"});
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
}

sim::Ended plan(Rig& rig) { return rig.run({"plan", "--detailed-exitcode"}); }

bool contains(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

lab::Guest& guest(Rig& rig, int vmid) { return rig.lab.world().guests.at(vmid); }

/// nfs1 of 100 GiB, which every node sees.
void add_shared_storage(Rig& rig) {
  auto& storage = rig.lab.world().storage;
  lab::StorageDefinition definition;
  definition.type = "nfs";
  definition.options = {{"content", "images,import"},
                        {"path", "/mnt/pve/nfs1"},
                        {"export", "/srv"},
                        {"server", "192.0.2.1"}};
  storage.definitions["nfs1"] = definition;
  lab::StorageSpace space;
  space.total = std::int64_t{100} << 30;
  storage.spaces["nfs1"][""] = space;
}

/// The listing lags by 10 s.
void let_time_pass(Rig& rig) {
  rig.world.clock.pass(std::chrono::minutes(2));
  rig.lab.advance(rig.world.clock.now());
}

}  // namespace

TEST_CASE("guests spread over three nodes, each with a template of its own") {
  Rig rig(1, 3);
  must_apply(rig, machines(6));
  std::map<std::string, int> by_node;
  for (const auto& [vmid, guest] : rig.lab.world().guests) ++by_node[guest.node];
  CHECK(by_node == std::map<std::string, int>{{"pve1", 3}, {"pve2", 3}, {"pve3", 3}});
  CHECK(plan(rig).exit_code == 0);
}

TEST_CASE("every node whose network is reloaded is named, for a new bridge too") {
  Rig rig(1, 3);
  const std::string bridge = "[bridge.vmbr5]\nnodes = [\"pve1\", \"pve2\", \"pve3\"]\n";
  rig.write_topology(kHead + bridge);
  const auto made = plan(rig);
  CHECK(contains(made.out, "interrupts nodes pve1, pve2 and pve3"));
  CHECK(contains(made.out, "interrupts the network of 3 nodes"));
  must_apply(rig, bridge);
  rig.write_topology(kHead + bridge + "comment = \"five\"\n");
  CHECK(contains(plan(rig).out, "interrupts nodes pve1, pve2 and pve3"));
  const auto markdown = rig.run({"plan", "--format", "markdown"});
  CHECK(contains(markdown.out, "| interrupts nodes pve1, pve2 and pve3 |"));
}

TEST_CASE("a pull request shows what is free, and what may not fit") {
  Rig rig(1, 3);
  rig.write_topology(kHead + "[vm.a]\ndisk.os = { storage = \"local-lvm\", size = \"900GiB\" }\n");
  const auto markdown = rig.run({"plan", "--format", "markdown"});
  INFO(markdown.out);
  CHECK(contains(markdown.out,
                 "Warning: `More than is free: This plan puts 900 GiB of disks on local-lvm pve1"));
  CHECK(contains(markdown.out, "Free after apply: `local-lvm pve1 0 of 500 GiB`."));
}

TEST_CASE("a saved plan that chooses from everybody's numbers warns") {
  Rig rig(1, 3);
  auto head = kHead;
  head.erase(head.find("vmids"), head.find('\n', head.find("vmids")) - head.find("vmids"));
  rig.write_topology(head + "[vm.a]\n");
  CHECK(contains(rig.run({"plan", "-o", "p.json"}).err, "VMIDs may be taken meanwhile"));
  CHECK_FALSE(contains(rig.run({"plan"}).err, "VMIDs may be"));
  rig.write_topology(kHead + "[vm.a]\n");
  CHECK_FALSE(contains(rig.run({"plan", "-o", "p.json"}).err, "VMIDs may be"));
}

TEST_CASE("a template on shared storage is copied to shared storage only, and its room is one") {
  Rig rig(1, 3);
  add_shared_storage(rig);
  const std::string shared =
      "[image.debian]\nstorage = \"nfs1\"\n"
      "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n"
      "[template.debian]\nimage = \"debian\"\nstorage = \"nfs1\"\n";
  rig.write_topology(kHead + shared +
                     "[vm.w]\ncount = 2\ntemplate = \"debian\"\nplacement = \"spread\"\n"
                     "disk.os = { storage = \"local-lvm\", size = \"4GiB\" }\n");
  const auto refused = plan(rig);
  INFO(refused.out << refused.err);
  CHECK(refused.exit_code == 1);
  CHECK(contains(refused.err, "Clone cannot get there"));
  rig.write_topology(kHead + shared +
                     "[vm.w]\ncount = 2\ntemplate = \"debian\"\nplacement = \"spread\"\n"
                     "disk.os.size = \"40GiB\"\ndisk.os.storage = \"nfs1\"\n");
  const auto fits = plan(rig);
  INFO(fits.out << fits.err);
  CHECK(fits.exit_code == 2);
  CHECK(contains(fits.out, "Free after apply: nfs1 20 of 100 GiB less 1 disk as large as its"));
}

TEST_CASE("a refresh of 100 guests on 3 nodes stays within its budget of calls") {
  Rig rig(1, 3);
  must_apply(rig, machines(97));  // and three templates
  let_time_pass(rig);
  const auto before = rig.requests().size();
  const auto ended = plan(rig);
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == 0);
  const auto calls = rig.requests().size() - before;
  // guests + 6 + nodes x (1 + storages that hold declared images)
  CHECK(calls <= 100 + 6 + 3 * (1 + 1));
  std::cout << "no-op plan of 100 guests on 3 nodes: " << calls << " calls\n";
}

TEST_CASE("a clone takes three to five writes") {
  Rig rig(1, 3);
  must_apply(rig, kTemplate + "[vm.keep]\ntemplate = \"debian\"\nnode = \"pve1\"\n");
  const auto before = rig.requests().size();
  must_apply(rig, kTemplate +
                      "[vm.keep]\ntemplate = \"debian\"\nnode = \"pve1\"\n"
                      "[vm.one]\ntemplate = \"debian\"\nnode = \"pve1\"\ncores = 2\n"
                      "disk.os.size = \"4GiB\"\ncloud_init.user = \"admin\"\n");
  const auto all = rig.requests();
  const auto writes =
      std::count_if(all.begin() + static_cast<std::ptrdiff_t>(before), all.end(),
                    [](const std::string& each) { return !each.starts_with("GET "); });
  CHECK(writes >= 3);
  CHECK(writes <= 5);
  std::cout << "one VM by clone: " << writes << " writes\n";
}

TEST_CASE("an offline node makes the plan partial and nothing of it is touched") {
  Rig rig(1, 3);
  must_apply(rig, machines(3));
  let_time_pass(rig);
  rig.lab.world().nodes.at("pve3").online = false;
  const auto partial = plan(rig);
  INFO(partial.out << partial.err);
  CHECK(partial.exit_code == 3);
  CHECK(contains(partial.out, "node pve3 is offline"));
  CHECK(contains(partial.out, "PARTIAL PLAN"));

  rig.write_topology(kHead + machines(4));
  const auto applied = rig.run({"apply", "--auto-approve"});
  INFO(applied.out << applied.err);
  CHECK(applied.exit_code == 3);
  CHECK(rig.lab.world().guests.size() == 7);  // the new one went to another node
  rig.lab.world().nodes.at("pve3").online = true;
  CHECK(plan(rig).exit_code == 0);
}

TEST_CASE("a guest that moved is found, shown and left where it is") {
  Rig rig(1, 3);
  must_apply(rig, kTemplate + "[vm.a]\ntemplate = \"debian\"\nnode = \"pve1\"\n");
  let_time_pass(rig);
  int vmid = 0;
  for (auto& [number, guest] : rig.lab.world().guests) {
    if (guest.options.at("name") != "a") continue;
    guest.node = "pve2";
    vmid = number;
  }
  const auto moved = plan(rig);
  INFO(moved.out << moved.err);
  CHECK(moved.exit_code == 0);
  CHECK(contains(moved.out, "pve2"));
  must_apply(rig, kTemplate + "[vm.a]\ntemplate = \"debian\"\nnode = \"pve1\"\ntags = [\"x\"]\n");
  CHECK(guest(rig, vmid).node == "pve2");
  CHECK(guest(rig, vmid).options.at("tags") == "x");
}

TEST_CASE("what somebody else edited is shown as drift and put right") {
  Rig rig(1, 3);
  must_apply(rig,
             "[vm.a]\nmemory = \"1GiB\"\ncores = 2\npower = \"stopped\"\n"
             "disk.d = { storage = \"local-lvm\", size = \"1GiB\" }\n");
  let_time_pass(rig);
  for (auto& [number, guest] : rig.lab.world().guests) {
    if (guest.options.at("name") == "a") guest.options["cores"] = "8";
  }
  const auto drifted = plan(rig);
  INFO(drifted.out << drifted.err);
  CHECK(drifted.exit_code == 2);
  CHECK(contains(drifted.out, "was 2, is 8, wanted 2"));
  const auto applied = rig.run({"apply", "--auto-approve"});
  CHECK(applied.exit_code == 0);
  CHECK(plan(rig).exit_code == 0);
}

TEST_CASE("a guest that was deleted is made again under its number") {
  Rig rig(1, 3);
  const std::string text = "[vm.a]\nmemory = \"1GiB\"\npower = \"stopped\"\n";
  must_apply(rig, text);
  let_time_pass(rig);
  const auto vmid = rig.lab.world().guests.begin()->first;
  auto& guests = rig.lab.world().guests;
  std::erase_if(guests, [](const auto& each) { return each.second.options.at("name") == "a"; });
  const auto gone = plan(rig);
  INFO(gone.out << gone.err);
  CHECK(gone.exit_code == 2);
  CHECK(contains(gone.out, "is gone"));
  must_apply(rig, text);
  CHECK(guests.contains(vmid));
}

TEST_CASE("a number that somebody else took is never written to") {
  Rig rig(1, 3);
  must_apply(rig, "[vm.a]\nmemory = \"1GiB\"\npower = \"stopped\"\n");
  let_time_pass(rig);
  for (auto& [number, guest] : rig.lab.world().guests) {
    if (guest.options.at("name") != "a") continue;
    guest.options["smbios1"] = "uuid=11111111-2222-3333-4444-555555555555";
    guest.options["description"] = "mine";
    guest.options["name"] = "foreign";
  }
  rig.write_topology(kHead + "[vm.a]\nmemory = \"2GiB\"\npower = \"stopped\"\n");
  const auto ended = rig.run({"apply", "--auto-approve"});
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == 3);
  const auto destroyed = rig.run({"destroy", "--auto-approve", "--allow", "data-loss=*"});
  CHECK(destroyed.exit_code == 3);
  bool untouched = false;
  for (const auto& [number, guest] : rig.lab.world().guests)
    untouched = untouched ||
                (guest.options.at("name") == "foreign" && guest.options.at("memory") == "1024");
  CHECK(untouched);
}

TEST_CASE("a locked guest is waited for, then reported, and done later") {
  Rig rig(1, 3);
  const std::string text = "[vm.a]\nmemory = \"1GiB\"\npower = \"stopped\"\n";
  must_apply(rig, text);
  let_time_pass(rig);
  lab::Guest* locked = nullptr;
  for (auto& [number, guest] : rig.lab.world().guests) {
    if (guest.options.at("name") == "a") locked = &guest;
  }
  REQUIRE(locked != nullptr);
  locked->options["lock"] = "backup";
  rig.write_topology(kHead + text + "cores = 2\n");
  const auto ended = rig.run({"apply", "--auto-approve"});
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == 1);  // nothing was done
  CHECK(contains(ended.out + ended.err, "locked (backup)"));
  locked->options.erase("lock");
  must_apply(rig, text + "cores = 2\n");
  CHECK(plan(rig).exit_code == 0);
}

TEST_CASE("what cannot be changed on a living guest is an error of the plan") {
  Rig rig(1, 3);
  const std::string base =
      "[vm.a]\nmemory = \"1GiB\"\npower = \"stopped\"\n"
      "disk.d = { storage = \"local-lvm\", size = \"2GiB\" }\nnode = \"pve1\"\n";
  must_apply(rig, base);
  const auto [from, to, message] = GENERATE(table<std::string, std::string, std::string>({
      {"node = \"pve1\"", "node = \"pve2\"", "Migrating a guest is not supported yet"},
      {"storage = \"local-lvm\"", "storage = \"local\"", "another storage is not supported yet"},
      {"2GiB", "1GiB", "a disk cannot shrink"},
      {"[vm.a]\n", "[vm.a]\nvmid = 333\n", "vmid cannot be changed on a living guest"},
      {"size = \"2GiB\" }", "size = \"2GiB\", slot = \"scsi7\" }",
       "disk.d.slot cannot be changed on a living guest"},
  }));
  auto text = base;
  text.replace(text.find(from), from.size(), to);
  rig.write_topology(kHead + text);
  const auto before = rig.requests();
  const auto ended = rig.run({"apply", "--auto-approve", "--allow", "data-loss=*"});
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == 1);
  CHECK(contains(ended.err, message));
  const auto all = rig.requests();
  for (auto i = before.size(); i < all.size(); ++i) CHECK(all[i].starts_with("GET "));
}
