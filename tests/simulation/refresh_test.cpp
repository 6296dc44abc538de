// Refresh modes: pveplan refresh, plan --refresh-only, plan --refresh=false.
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using sim::contains;
using sim::Ended;
using sim::Rig;

namespace {

const std::string kText =
    "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection() +
    "[pool.team]\ncomment = \"one\"\n[vm.db]\ncores = 2\nmemory = \"1GiB\"\npower = \"stopped\"\n"
    "disk.os = { storage = \"local-lvm\", size = \"2GiB\" }\n";

/// What kText describes, and then changed by somebody else.
struct Changed {
  Rig rig{1};
  Changed() {
    rig.write_topology(kText);
    must({"apply", "--auto-approve"});
    guest().options["cores"] = "3";
    rig.lab.world().access.pools.at("team").comment = "by hand";
  }
  lab::Guest& guest() { return rig.lab.world().guests.at(200); }
  Ended must(const std::vector<std::string>& arguments, int code = 0) {
    auto ended = rig.run(arguments);
    INFO(ended.out << ended.err);
    REQUIRE(ended.exit_code == code);
    return ended;
  }
  /// Runs a command that must not write anything to the server.
  Ended must_only_read(const std::vector<std::string>& arguments) {
    const auto before = rig.requests().size();
    auto ended = must(arguments);
    const auto all = rig.requests();
    for (auto i = before; i < all.size(); ++i) CHECK(all[i].starts_with("GET "));
    return ended;
  }
};

}  // namespace

TEST_CASE("refresh shows what is live, takes it into the state, and writes to no server") {
  Changed world;
  const auto ended = world.must_only_read({"refresh", "--auto-approve"});
  CHECK(contains(ended.out, "cores 2 -> 3"));
  CHECK(contains(ended.out, "comment one -> \"by hand\""));
  CHECK(contains(ended.out, "Refresh: 2 resources to take into the state. No server is changed."));
  CHECK(contains(ended.out, "Refresh complete: 2 taken into the state, 0 forgotten."));
  CHECK(world.guest().options.at("cores") == "3");
  CHECK(contains(world.must({"state", "show", "vm.db"}).out, "\"cores\": 3"));
  // What the topology wants is a change now, and nobody's drift.
  const auto plan = world.must({"plan"});
  CHECK_FALSE(contains(plan.out, "Changed outside"));
  CHECK(contains(plan.out, "cores 3 -> 2"));
  CHECK(contains(world.must({"refresh", "--auto-approve"}).out, "No changes. The state knows"));
}

TEST_CASE("refresh forgets what is gone, and takes a part where that is asked for") {
  Changed world;
  world.must({"refresh", "--auto-approve", "--target", "pool.team"});
  CHECK(contains(world.must({"plan"}).out, "was 2, is 3"));
  world.rig.lab.world().guests.clear();
  const auto ended = world.must({"refresh", "--auto-approve"});
  CHECK(contains(ended.out, "1 forgotten"));
  CHECK(world.must({"state", "list"}).out == "pool.team\n");
}

TEST_CASE("a plan to refresh is saved and applied like any other") {
  Changed world;
  world.must_only_read({"plan", "--refresh-only", "-o", "plan.json"});
  const auto ended = world.must_only_read({"apply", "plan.json"});
  CHECK(contains(ended.out, "Refresh complete: 2 taken"));
  world.must({"plan", "--refresh-only", "--detailed-exitcode"});
  world.guest().options["cores"] = "4";
  world.must({"plan", "--refresh-only", "-o", "plan.json"});
  world.guest().options["cores"] = "5";
  const auto stale = world.must({"apply", "plan.json"}, 1);
  CHECK(contains(stale.err, "vm.db was changed by somebody else"));
}

TEST_CASE("a refresh leaves the topology's moves and imports alone") {
  Changed world;
  auto text = kText + "[[moved]]\nfrom = \"vm.db\"\nto = \"vm.sql\"\n";
  text.replace(text.find("[vm.db]"), 7, "[vm.sql]");
  world.rig.write_topology(text);
  world.must({"refresh", "--auto-approve"});
  CHECK(world.must({"state", "list"}).out == "pool.team\nvm.db\n");
}

TEST_CASE("without a refresh the plan believes the state, and says so before anything else") {
  Changed world;
  const auto before = world.rig.requests().size();
  const auto ended = world.must({"plan", "--refresh=false", "--detailed-exitcode"});
  CHECK(ended.out.starts_with("NOT REFRESHED: made from the state alone"));
  CHECK(contains(ended.out, "No changes."));
  for (auto i = before; i < world.rig.requests().size(); ++i)
    CHECK(world.rig.requests()[i].find("/pending") == std::string::npos);
  const auto json = world.must({"plan", "--refresh=false", "--format", "json"});
  CHECK(contains(json.out, "\"refreshed\": false"));
}

TEST_CASE("what would be lost is not hidden where nothing is read") {
  Changed world;
  const auto ended = world.must({"plan", "--refresh=false", "--destroy"});
  CHECK(contains(ended.out, "DANGER destroys data: 2 GiB of vm.db"));
  CHECK(contains(ended.out, "loses disk.os 2 GiB"));
}
