// The real program against the real sockets of a lab in which every kind of write goes wrong once.

#include "tests/lab/child_lab.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <filesystem>

using namespace pveplan;
using lab::Fault;
using lab::FaultKind;
using lab::testing::ChildLab;

namespace {

struct Write {
  std::string method, path;
  int intended;  ///< how often a run without faults sends it
  std::string name() const { return method + " " + path; }
};

/// A topology that is applied, changed and destroyed, and all the writes of it that are struck.
struct Life {
  std::string folder;
  std::vector<Write> writes;
};

const Life kPools{"pools",
                  {
                      {"POST", "/pools", 2},
                      {"PUT", "/pools", 1},
                      {"DELETE", "/pools", 2},
                      {"POST", "/nodes/pve/network", 1},
                      {"PUT", "/nodes/pve/network", 3},
                      {"PUT", "/nodes/pve/network/vmbr7", 1},
                      {"DELETE", "/nodes/pve/network/vmbr7", 1},
                  }};

/// 100 is the template, 101 the clone, 102 the empty one.
const Life kMachines{"machines",
                     {
                         {"POST", "/nodes/pve/storage/local/download-url", 1},
                         {"POST", "/nodes/pve/qemu", 2},
                         {"PUT", "/nodes/pve/qemu/100/resize", 1},
                         {"POST", "/nodes/pve/qemu/100/template", 1},
                         {"POST", "/nodes/pve/qemu/100/clone", 1},
                         {"POST", "/nodes/pve/qemu/101/config", 1},
                         {"PUT", "/nodes/pve/qemu/101/resize", 2},
                         {"POST", "/nodes/pve/qemu/101/status/start", 1},
                         {"PUT", "/nodes/pve/qemu/101/config", 1},
                         {"POST", "/nodes/pve/qemu/101/status/shutdown", 1},
                         {"DELETE", "/nodes/pve/qemu/100", 1},
                         {"DELETE", "/nodes/pve/qemu/101", 1},
                         {"DELETE", "/nodes/pve/qemu/102", 1},
                     }};

const Life kImages{"images",
                   {
                       {"POST", "/nodes/pve/storage/local/download-url", 2},
                       {"DELETE", "/nodes/pve/storage/local/content/local:import/kept.qcow2", 1},
                       {"DELETE", "/nodes/pve/storage/local/content/local:import/dropped.qcow2", 1},
                   }};

struct Case {
  std::string name;
  FaultKind kind;
  int status = 0;
  std::string text{};
  std::chrono::milliseconds delay{};
  bool has_effect = true;  ///< the write that is struck does what it should
  bool ends_run = false;   ///< the answer is plain enough to stop at
};

Fault fault_of(const Case& each, const Write& write) {
  Fault fault;
  fault.kind = each.kind;
  fault.method = write.method;
  fault.path = write.path;
  fault.status = each.status;
  fault.text = each.text;
  fault.delay = each.delay;
  return fault;
}

void strike_all(ChildLab& lab, const Life& life, const Case& each) {
  lab.change_world([&](lab::World& world) {
    for (const Write& write : life.writes) world.faults.push_back(fault_of(each, write));
  });
}

/// Runs a command until it succeeds, `most` times at most.
void run_through(ChildLab& lab, std::vector<std::string> arguments, std::size_t most) {
  arguments.insert(arguments.end(), {"--auto-approve", "--allow", "data-loss=*"});
  for (std::size_t attempt = 1; attempt <= most; ++attempt) {
    const auto ended = lab.run(arguments);
    INFO(ended.text);
    if (ended.exit_code == 0) return;
    REQUIRE(attempt < most);
  }
}

void take_topology(const ChildLab& lab, const std::string& name) {
  std::filesystem::copy_file(std::string(PVEPLAN_SOURCE_DIR) + "/tests/faults/struck/" + name,
                             lab.folder.file("pveplan.toml"),
                             std::filesystem::copy_options::overwrite_existing);
}

void live_a_life(ChildLab& lab, const Life& life, std::size_t most) {
  for (const char* name : {"first.toml", "second.toml"}) {
    take_topology(lab, life.folder + "/" + name);
    run_through(lab, {"apply"}, most);
    const auto plan = lab.run({"plan", "--detailed-exitcode"});
    INFO(plan.text);
    CHECK(plan.exit_code == 0);
  }
  run_through(lab, {"destroy"}, most);
}

/// A write that had its effect is never seen again; one that provably had none may be sent once
/// more. No creation ever meets its own object.
void check_counts(ChildLab& lab, const Life& life, const Case& each) {
  for (const Write& write : life.writes) {
    INFO(write.name());
    const auto seen = lab.seen(write.name());
    CHECK(seen >= write.intended);
    CHECK(seen <= write.intended + (each.has_effect ? 0 : 1));
  }
}

/// `speed`: of the lab's time. Slow enough, and what is sent again too early comes too early.
void suffer(const Life& life, const Case& each, const std::string& speed = "100") {
  INFO(each.name);
  ChildLab lab({"--nodes", "1"});
  strike_all(lab, life, each);
  lab.serve(speed);
  live_a_life(lab, life, each.ends_run ? life.writes.size() + 1 : 1);
  CHECK(lab.stop() == 0);
  check_counts(lab, life, each);
  lab.change_world([](lab::World& world) {
    CHECK(world.access.pools.empty());
    CHECK(world.guests.empty());
    CHECK(world.storage.volumes["local-lvm"]["pve"].empty());
    CHECK_FALSE(world.storage.volumes["local"]["pve"].contains("import/kept.qcow2"));
    CHECK_FALSE(world.storage.volumes["local"]["pve"].contains("import/dropped.qcow2"));
    CHECK_FALSE(world.nodes.at("pve").network.pending.has_value());
  });
}

}  // namespace

TEST_CASE("a write that had its effect is not sent again, and the next plan is empty") {
  suffer(kPools,
         GENERATE(values<Case>({
             {"answer lost", FaultKind::close_after_effect},
             {"TLS cut in the answer", FaultKind::cut_answer},
             {"596 after the effect", FaultKind::status_after_effect, 596, "Connection timed out"},
             {"slow answer", FaultKind::delay, 0, "", std::chrono::seconds{20}},
             {"stalled behind the proxy", FaultKind::late_effect, 596, "Connection timed out",
              std::chrono::seconds{20}},
             {"late effect", FaultKind::late_effect, 0, "", std::chrono::seconds{20}},
         })));
}

TEST_CASE("an image is deleted once, whatever becomes of the answer") {
  suffer(kImages,
         GENERATE(values<Case>({
             {"answer lost", FaultKind::close_after_effect},
             {"TLS cut in the answer", FaultKind::cut_answer},
             {"596 after the effect", FaultKind::status_after_effect, 596, "Connection timed out"},
             {"its task runs when the proxy gives up", FaultKind::late_effect, 596,
              "Connection timed out", std::chrono::milliseconds{29'900}},
             {"late effect", FaultKind::late_effect, 0, "", std::chrono::seconds{20}},
         })),
         "10");
}

TEST_CASE("a write without an effect is sent once more after a look, and the next plan is empty") {
  suffer(kPools,
         GENERATE(values<Case>({
             {"request lost", FaultKind::close_before_effect, 0, "", {}, false},
             {"connection reset", FaultKind::refuse, 0, "", {}, false},
             {"596 before the effect", FaultKind::status, 596, "Connection timed out", {}, false},
         })));
}

TEST_CASE("a write that failed plainly is sent again by the next apply alone") {
  suffer(kPools, GENERATE(values<Case>({
                     {"595", FaultKind::status, 595, "No route to host", {}, false, true},
                     {"502", FaultKind::status, 502, "Bad Gateway", {}, false, true},
                     {"500", FaultKind::failure, 500, "something went wrong", {}, false, true},
                 })));
}

TEST_CASE("no machine is made, copied or started twice when every answer about it is lost") {
  suffer(kMachines, GENERATE(values<Case>({
                        {"answer lost", FaultKind::close_after_effect},
                        {"late effect", FaultKind::late_effect, 0, "", std::chrono::seconds{20}},
                    })));
}
