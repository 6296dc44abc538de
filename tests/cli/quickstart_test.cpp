// The real program against the real sockets of the lab.

#include "tests/lab/child_lab.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <fstream>

using namespace pveplan;
using lab::testing::ChildLab;

namespace {

void write_topology(const ChildLab& lab) {
  std::ofstream(lab.folder.file("pveplan.toml")) << fmt::format(
      R"([pveplan]
name = "quickstart"
[proxmox]
endpoint = "https://127.0.0.1:{}"
tls.fingerprint = "{}"
token = {{ env = "PVEPLAN_TOKEN" }}
[pool.team]
comment = "made by a test"
[record.a]
input = {{ pool = "${{pool.team.id}}" }}
[record.b]
count = 2
input = "${{each.key}}"
)",
      lab.port, lab.fingerprint);
}

void expect(ChildLab& lab, const std::vector<std::string>& arguments, const std::string& text,
            int code = 0) {
  const auto ended = lab.run(arguments);
  INFO(ended.text);
  CHECK(ended.exit_code == code);
  CHECK(ended.text.find(text) != std::string::npos);
}

}  // namespace

TEST_CASE("a topology is validated, planned, applied, found unchanged and destroyed") {
  ChildLab lab;
  lab.serve();
  write_topology(lab);
  expect(lab, {"validate"}, "");
  expect(lab, {"plan", "--detailed-exitcode"}, "pool.team", 2);
  expect(lab, {"apply", "--auto-approve"}, "Apply complete");
  expect(lab, {"plan", "--detailed-exitcode"}, "No changes", 0);
  expect(lab, {"destroy", "--auto-approve"}, "Destroy complete");
  CHECK(lab.stop() == 0);
  CHECK(lab.seen("POST /pools") == 1);
  lab.change_world([](lab::World& world) { CHECK(world.access.pools.empty()); });
}

TEST_CASE("a write whose answer is lost is settled and never sent twice") {
  ChildLab lab;
  lab.change_world([](lab::World& world) {
    lab::Fault lost;
    lost.kind = lab::FaultKind::close_after_effect;
    lost.method = "POST";
    lost.path = "/pools";
    world.faults.push_back(lost);
  });
  lab.serve();
  write_topology(lab);
  expect(lab, {"apply", "--auto-approve"}, "Apply complete");
  expect(lab, {"plan", "--detailed-exitcode"}, "No changes", 0);
  CHECK(lab.stop() == 0);
  CHECK(lab.seen("POST /pools") == 1);
  lab.change_world([](lab::World& world) { CHECK(world.access.pools.contains("team")); });
}
