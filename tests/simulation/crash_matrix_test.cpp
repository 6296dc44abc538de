#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <set>

using namespace pveplan;
using sim::Conditions;
using sim::Rig;

namespace {

/// A way through the life of a topology; each phase is a topology and a command.
struct Phase {
  std::string topology;
  std::vector<std::string> command;
};

struct Story {
  std::string name;
  std::vector<Phase> phases;
};

const std::vector<std::string> kApply = {"apply", "--auto-approve", "--allow", "data-loss=*"};
const std::vector<std::string> kDestroy = {"destroy", "--auto-approve", "--allow", "data-loss=*"};

Story records() {
  const std::string head = "[pveplan]\nname = \"t\"\n";
  const std::string first = head +
                            "[record.a]\ninput = { n = 1 }\n"
                            "[record.b]\ninput = { of = \"${record.a.id}\" }\n"
                            "[record.c]\ncount = 3\ninput = \"${each.key}\"\n";
  const std::string second = head +
                             "[record.a]\ninput = { n = 2 }\n"
                             "[record.c]\ncount = 2\ninput = \"${each.key}!\"\n"
                             "[record.d]\nafter = [\"record.a\"]\ninput = true\n";
  return {"records", {{first, kApply}, {second, kApply}, {second, kDestroy}}};
}

Story pools() {
  const std::string head = "[pveplan]\nname = \"t\"\n" + Rig::connection();
  const std::string first = head +
                            "[pool.team]\ncomment = \"one\"\n"
                            "[pool.other]\nid = \"second\"\nafter = [\"pool.team\"]\n"
                            "[record.x]\ninput = \"${pool.team.id}\"\n";
  const std::string second = head +
                             "[pool.team]\ncomment = \"two\"\n"
                             "[pool.third]\ncomment = \"three\"\n";
  return {"pools", {{first, kApply}, {second, kApply}, {second, kDestroy}}};
}

/// Objects that are forgotten, taken over under another name, and moved while they change.
Story takeovers() {
  const std::string head = "[pveplan]\nname = \"t\"\n" + Rig::connection();
  const std::string first = head +
                            "[pool.team]\ncomment = \"one\"\n"
                            "[record.a]\ncount = 2\ninput = \"${each.key}\"\n";
  const std::string second = head +
                             "[[removed]]\naddress = \"pool.team\"\ndestroy = false\n"
                             "[[moved]]\nfrom = \"record.a\"\nto = \"record.b\"\n"
                             "[record.b]\ncount = 2\ninput = \"${each.key}!\"\n";
  const std::string third = head +
                            "[pool.crew]\nid = \"team\"\ncomment = \"two\"\n"
                            "[[import]]\nto = \"pool.crew\"\nid = \"team\"\n"
                            "[record.b]\ncount = 2\ninput = \"${pool.crew.id}\"\n";
  return {"takeovers", {{first, kApply}, {second, kApply}, {third, kApply}, {third, kDestroy}}};
}

/// Two bridges of one node, written and reloaded one after the other.
Story bridges() {
  const std::string head = "[pveplan]\nname = \"t\"\n" + Rig::connection();
  const std::string first = head +
                            "[bridge.vmbr7]\nnodes = [\"pve\"]\naddress = \"10.77.0.1/24\"\n"
                            "[bridge.vmbr8]\nnodes = [\"pve\"]\ncomment = \"eight\"\n";
  const std::string second = head +
                             "[bridge.vmbr7]\nnodes = [\"pve\"]\nmtu = 9000\n"
                             "[bridge.vmbr9]\nnodes = [\"pve\"]\nvlan_aware = true\n";
  return {"bridges", {{first, kApply}, {second, kApply}, {second, kDestroy}}};
}

/// An image, a template and clones of it: every resolver class of guests. The change adds, grows
/// and removes disks, restarts a guest, and replaces one clone by another.
Story guests() {
  const std::string head =
      "[pveplan]\nname = \"t\"\nvmids = [\"200-219\"]\n" + Rig::connection() +
      "[ip_pool.lan]\ncidr = \"10.10.20.0/24\"\nallocate = [\"10.10.20.50-10.10.20.99\"]\n"
      "[pool.team]\n[image.debian]\nstorage = \"local\"\n"
      "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n"
      "[template.debian]\nimage = \"debian\"\nstorage = \"local-lvm\"\n";
  const std::string first = head +
                            "[vm.a]\ntemplate = \"debian\"\npool = \"team\"\ncores = 1\n"
                            "disk.os.size = \"4GiB\"\n"
                            "disk.data = { storage = \"local-lvm\", size = \"1GiB\" }\n"
                            "nic.lan = { bridge = \"vmbr0\", ip = \"pool:lan\" }\n"
                            "cloud_init.user = \"admin\"\n"
                            "[vm.b]\ntemplate = \"debian\"\nclone = \"linked\"\n";
  const std::string second = head +
                             "[vm.a]\ntemplate = \"debian\"\ncores = 2\nrestart = \"now\"\n"
                             "disk.os.size = \"5GiB\"\n"
                             "disk.more = { storage = \"local-lvm\", size = \"2GiB\" }\n"
                             "nic.lan = { bridge = \"vmbr0\", ip = \"pool:lan\" }\n"
                             "cloud_init.user = \"admin\"\n"
                             "[vm.c]\nimage = \"debian\"\npower = \"stopped\"\n"
                             "disk.os = { storage = \"local-lvm\", size = \"4GiB\" }\n";
  return {"guests", {{first, kApply}, {second, kApply}, {second, kDestroy}}};
}

/// An image that is replaced twice, and once under the name of the file before, with a template and
/// a record that use it.
Story images() {
  const std::string head = "[pveplan]\nname = \"t\"\nvmids = [\"200-209\"]\n" + Rig::connection();
  const auto version = [&head](const std::string& name, const std::string& more) {
    return head + "[image.debian]\nstorage = \"local\"\nnodes = [\"pve\"]\nname = \"" + name +
           "\"\nurl = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n"
           "[record.r]\ninput = \"${image.debian[pve].id}\"\n" +
           more;
  };
  const std::string made =
      "[template.debian]\nimage = \"debian\"\nstorage = \"local-lvm\"\n"
      "nodes = [\"pve\"]\n";
  const auto last = version("v1", made);
  return {"images",
          {{version("v1", ""), kApply},
           {version("v2", made), kApply},
           {last, kApply},
           {last, kDestroy}}};
}

/// A guest that is replaced, once since what cannot be changed was changed, and once on request. A
/// command that is repeated replaces again, which comes to the same.
Story replacements() {
  const std::string head = "[pveplan]\nname = \"t\"\nvmids = [\"200-219\"]\n" + Rig::connection() +
                           "[ip_pool.lan]\ncidr = \"10.10.20.0/24\"\n"
                           "allocate = [\"10.10.20.50-10.10.20.99\"]\n"
                           "[record.x]\ninput = \"${vm.a.id} ${vm.a.ip}\"\n";
  const auto guest = [&head](const char* slot) {
    return head + fmt::format(
                      "[vm.a]\ncores = 1\nallow_replace = true\ncloud_init.user = \"me\"\n"
                      "nic.lan = {{ bridge = \"vmbr0\", ip = \"pool:lan\" }}\n"
                      "disk.os = {{ storage = \"local-lvm\", size = \"1GiB\" }}\n"
                      "disk.d = {{ storage = \"local-lvm\", size = \"1GiB\", slot = "
                      "\"{}\" }}\n",
                      slot);
  };
  auto replace = kApply;
  replace.insert(replace.end(), {"--replace", "vm.a"});
  return {"replacements",
          {{guest("scsi3"), kApply}, {guest("scsi5"), kApply}, {guest("scsi5"), replace}}};
}

/// Everything before `phase`, without any trouble.
void live_until(Rig& rig, const Story& story, std::size_t phase) {
  for (std::size_t i = 0; i < phase; ++i) {
    rig.write_topology(story.phases[i].topology);
    const auto ended = rig.run(story.phases[i].command);
    INFO(ended.out << ended.err);
    REQUIRE(ended.exit_code == 0);
  }
  rig.write_topology(story.phases[phase].topology);
}

/// Guests without what is drawn anew in every life, and every volume.
std::string guests_as_text(Rig& rig) {
  static const std::set<std::string> kDrawn = {"description", "smbios1", "vmgenid", "meta"};
  std::string text;
  for (const auto& [vmid, guest] : rig.lab.world().guests) {
    text += fmt::format("{} on {}{}:", vmid, guest.node, guest.running() ? ", running" : "");
    for (const auto& [option, value] : guest.options) {
      if (!kDrawn.contains(option)) text += fmt::format(" {}={}", option, value);
    }
    for (const auto& [option, value] : guest.pending) text += fmt::format(" pending {}", option);
    text += "\n";
  }
  for (const auto& [storage, nodes] : rig.lab.world().storage.volumes) {
    for (const auto& [node, volumes] : nodes) {
      for (const auto& [name, volume] : volumes)
        text += fmt::format("{} {} {} {}\n", storage, node, name, volume.size);
    }
  }
  return text;
}

/// What the oracle compares: the lab's pools and networks, and nothing of what the client believes.
std::string cluster_as_text(Rig& rig) {
  std::string text;
  for (const auto& [id, pool] : rig.lab.world().access.pools)
    text += id + "=" + pool.comment + "\n";
  for (const auto& [name, node] : rig.lab.world().nodes) {
    text += name + (node.network.pending ? " with waiting changes:" : ":");
    for (const auto& interface : node.network.current.interfaces) {
      text += " " + interface.name;
      for (const auto& [option, value] : interface.options) text += " " + option + "=" + value;
    }
    text += "\n";
  }
  return text + guests_as_text(rig);
}

struct Round {
  std::uint64_t trace = 0;
  std::string cluster;
};

/// Stops the phase at a boundary, crashes, runs the same command again, and demands that the world
/// is as if nothing had happened and that nothing is left to do.
Round crash_and_recover(const Story& story, std::size_t phase, std::uint64_t boundary,
                        sim::Crash kind, std::uint64_t seed) {
  Rig rig(seed);
  live_until(rig, story, phase);
  Conditions conditions;
  conditions.stop_before = boundary;
  const auto first = rig.run(story.phases[phase].command, conditions);
  INFO(fmt::format("story {} phase {} boundary {} {} seed {}", story.name, phase, boundary,
                   kind == sim::Crash::power_lost ? "power lost" : "killed", seed));
  CHECK(first.late_calls.empty());
  REQUIRE(first.stopped);
  rig.world.crash(kind);
  const auto second = rig.run(story.phases[phase].command);
  INFO(second.out << second.err);
  CHECK(second.exit_code == 0);
  const bool destroyed = story.phases[phase].command == kDestroy;
  if (!destroyed) {
    const auto plan = rig.run({"plan", "--detailed-exitcode"});
    INFO(plan.out << plan.err);
    CHECK(plan.exit_code == 0);
  } else {
    const auto list = rig.run({"state", "list"});
    CHECK(list.out.empty());
  }
  return {rig.world.trace.hash(), cluster_as_text(rig)};
}

void crash_everywhere(const Story& story) {
  for (std::size_t phase = 0; phase < story.phases.size(); ++phase) {
    Rig untroubled(1);
    live_until(untroubled, story, phase);
    const auto whole = untroubled.run(story.phases[phase].command);
    INFO(whole.out << whole.err);
    REQUIRE(whole.exit_code == 0);
    const auto expected = cluster_as_text(untroubled);
    REQUIRE(whole.boundaries > 5);
    for (std::uint64_t boundary = 1; boundary <= whole.boundaries; ++boundary) {
      for (const auto kind : {sim::Crash::process_killed, sim::Crash::power_lost}) {
        INFO(fmt::format("story {} phase {} boundary {} {}", story.name, phase, boundary,
                         kind == sim::Crash::power_lost ? "power lost" : "killed"));
        const auto once = crash_and_recover(story, phase, boundary, kind, 1);
        CHECK(once.cluster == expected);
        const auto again = crash_and_recover(story, phase, boundary, kind, 1);
        CHECK(once.trace == again.trace);
      }
    }
  }
}

/// One file call fails (and, for a full disk, every later one); the program says so or gets over
/// it, and the next run puts everything right.
void fail_everywhere(const Story& story, int code, bool from_then_on) {
  for (std::size_t phase = 0; phase < story.phases.size(); ++phase) {
    Rig untroubled(1);
    live_until(untroubled, story, phase);
    const auto& command = story.phases[phase].command;
    const auto whole = untroubled.run(command);
    REQUIRE(whole.exit_code == 0);
    const auto expected = cluster_as_text(untroubled);
    for (std::uint64_t call = 1; call <= whole.boundaries; ++call) {
      Rig rig(1);
      live_until(rig, story, phase);
      Conditions conditions;
      sim::SimFileFault fault(code, call);
      fault.from_then_on = from_then_on;
      conditions.file_faults = {fault};
      const auto first = rig.run(command, conditions);
      INFO(fmt::format("story {} phase {} call {} code {}\n{}{}", story.name, phase, call, code,
                       first.out, first.err));
      // A command that says it succeeded has recorded everything.
      if (first.exit_code != 0) CHECK_FALSE((first.out + first.err).empty());
      const auto second = rig.run(command);
      INFO(second.out << second.err);
      CHECK(second.exit_code == 0);
      CHECK(cluster_as_text(rig) == expected);
      if (command == kApply) CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);
    }
  }
}

}  // namespace

TEST_CASE("a disk that fails once loses nothing") { fail_everywhere(records(), EIO, false); }

TEST_CASE("a disk that is full loses nothing") { fail_everywhere(records(), ENOSPC, true); }

TEST_CASE("no guest is lost or made twice when the disk fails") {
  fail_everywhere(guests(), EIO, false);
  fail_everywhere(guests(), ENOSPC, true);
}

TEST_CASE("records survive a stop at every boundary of apply, change and destroy") {
  crash_everywhere(records());
}

TEST_CASE("pools survive a stop at every boundary of apply, change and destroy") {
  crash_everywhere(pools());
}

TEST_CASE("what is moved, forgotten and imported survives a stop at every boundary") {
  crash_everywhere(takeovers());
}

TEST_CASE("bridges are made, changed and removed by the whole program") {
  const auto story = bridges();
  Rig rig(1);
  const auto& network = rig.lab.world().nodes.at("pve").network;
  const auto names = [&network] {
    std::string text;
    for (const auto& interface : network.current.interfaces) text += interface.name + " ";
    return text;
  };
  const auto at_first = names();
  live_until(rig, story, 1);
  CHECK(names() == at_first + "vmbr7 vmbr8 ");
  live_until(rig, story, 0);
  rig.write_topology(story.phases[1].topology);
  const auto changed = rig.run(kApply);
  INFO(changed.out << changed.err);
  CHECK(changed.exit_code == 0);
  CHECK(names() == at_first + "vmbr7 vmbr9 ");
  rig.run(kDestroy);
  CHECK(names() == at_first);
}

TEST_CASE("guests survive a stop at every boundary of apply, change and destroy") {
  crash_everywhere(guests());
}

TEST_CASE("a replaced image survives a stop at every boundary, and leaves no file behind") {
  crash_everywhere(images());
}

TEST_CASE("a replacement survives a stop at every boundary, under the same number") {
  crash_everywhere(replacements());
}

TEST_CASE("bridges survive a stop at every boundary of apply, change and destroy") {
  crash_everywhere(bridges());
}
