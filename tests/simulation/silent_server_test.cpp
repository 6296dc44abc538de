// The server falls silent in the middle of an apply.

#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <algorithm>

using namespace pveplan;
using sim::Fate;
using sim::Rig;

namespace {

/// A download, and pools that have nothing to do with it.
std::string topology() {
  auto text = "[pveplan]\nname = \"t\"\n" + Rig::connection() +
              "[image.debian]\nstorage = \"local\"\nnodes = [\"pve\"]\n"
              "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n";
  for (int i = 0; i < 60; ++i) text += fmt::format("[pool.team{}]\n", i);
  return text;
}

/// Cuts the cable once the download has been accepted.
class CutCable final : public sim::SimFaults {
 public:
  Fate fate(const async::HttpRequest& request) override {
    if (cut_) return Fate::refuse;
    cut_ = request.url.find("/download-url") != std::string::npos;
    return Fate::deliver;
  }
  sim::Duration latency(const async::HttpRequest&) override { return std::chrono::milliseconds(1); }

 private:
  bool cut_ = false;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a server that falls silent is told, given up once, and looked after by the next apply") {
  Rig rig(1);
  rig.write_topology(topology());
  CutCable cable;
  rig.world.network.set_faults(&cable);
  const auto before = rig.world.clock.now();
  const auto ended = rig.run({"apply", "--auto-approve"});
  INFO(ended.out << ended.err);
  CHECK((ended.exit_code == 3 || ended.exit_code == 1));
  CHECK(rig.world.clock.now() - before < std::chrono::minutes(6));
  CHECK(has(ended.out, "The server did not answer for 5"));
  CHECK(has(ended.out, "https://pve:8006"));
  CHECK(has(ended.out, "outcome unknown 1"));
  CHECK_FALSE(has(ended.out, "failed 0"));
  CHECK(has(ended.out, "What was sent is recorded"));
  const auto still = ended.out.find("still running");
  REQUIRE(still != std::string::npos);
  CHECK(has(ended.out.substr(still), "The server did not answer for "));

  rig.world.network.set_faults(nullptr);
  const auto again = rig.run({"apply", "--auto-approve"});
  INFO(again.out << again.err);
  CHECK(again.exit_code == 0);
  const auto requests = rig.requests();
  CHECK(std::count(requests.begin(), requests.end(),
                   "POST /api2/json/nodes/pve/storage/local/download-url") == 1);
  CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);
}
