// What a plan tells of a guest that loses data besides the loss.

#include "engine/going_along.hpp"

#include "engine/plan_file.hpp"
#include "engine/view/change_block.hpp"
#include "engine/view/plan_text.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using schema::Value;

namespace {

Value volume(const char* label) {
  return Value::map({{"label", Value::string(label)}, {"bytes", Value::integer(1 << 30)}});
}

model::Change destroyed() {
  model::Change change;
  change.address = *schema::parse_address("vm.legacy");
  change.action = model::Action::remove;
  change.identity = Value::map({{"vmid", Value::integer(231)}});
  change.facts = Value::map(
      {{"ha", Value::boolean(true)},
       {"volumes",
        Value::list(
            {volume("disk.os (local-lvm)"),
             volume("disk.data (tank)").with(schema::Path({"backup"}), Value::boolean(false)),
             volume("unused0 (local-lvm)")})}});
  for (const char* label : {"disk.os (local-lvm)", "disk.data (tank)", "unused0 (local-lvm)"})
    change.effects.data.push_back({model::DataEffect::Kind::loss, 1 << 30, label});
  return change;
}

model::ClusterFacts cluster_with(model::BackupFacts backups) {
  model::ClusterFacts cluster;
  cluster.guests.emplace_back();
  cluster.guests[0].vmid = 231;
  cluster.guests[0].backups = std::move(backups);
  return cluster;
}

model::BackupFacts on_pbs() {
  model::BackupFacts facts;
  facts.volume = "pbs1:backup/vm/231/2026-11-12T03:00:00Z";
  facts.storage = "pbs1";
  facts.taken_at = 1'794'452'400;
  facts.verified = true;
  facts.looked_at = {"pbs1"};
  return facts;
}

std::string told(const model::BackupFacts& facts) {
  auto change = destroyed();
  engine::describe_going_along(change, cluster_with(facts));
  return view::backup_text(change);
}

}  // namespace

TEST_CASE("a loss tells when the last backup was made and what of it that holds") {
  CHECK(told(on_pbs()) ==
        "2026-11-12 03:00 UTC on pbs1, verified; covers disk.os, NOT disk.data (excluded: backup = "
        "false), "
        "unused0 (not attached)");
}

TEST_CASE("no backup is only said where every storage was seen") {
  model::BackupFacts none;
  none.looked_at = {"local (pve1)", "pbs1"};
  CHECK(told(none) == "none on local (pve1), pbs1");
  none.hidden = {"the token lacks VM.Backup on /vms/231"};
  CHECK(told(none) == "none visible on local (pve1), pbs1: the token lacks VM.Backup on /vms/231");
  auto hidden = on_pbs();
  hidden.hidden = {"pbs2 is not available"};
  CHECK(told(hidden).ends_with("; newer ones may be hidden: pbs2 is not available"));
}

TEST_CASE("where nobody has looked for backups the plan says so") {
  auto change = destroyed();
  engine::describe_going_along(change, model::ClusterFacts());
  CHECK(view::backup_text(change) == "none visible: nobody has looked");
}

TEST_CASE(
    "an HA resource goes with its guest, and a change that takes nothing away tells nothing") {
  auto change = destroyed();
  engine::describe_going_along(change, cluster_with(on_pbs()));
  REQUIRE(change.also.size() == 1);
  CHECK(change.also[0].starts_with("removes the HA resource"));
  model::Change harmless;
  harmless.action = model::Action::update;
  harmless.facts = change.facts;
  harmless.identity = change.identity;
  engine::describe_going_along(harmless, cluster_with(on_pbs()));
  CHECK(harmless.also.empty());
  CHECK_FALSE(harmless.backup);
}

TEST_CASE("what is known of backups survives in a plan file") {
  engine::SavedPlan saved;
  saved.plan.origin.topology = "t";
  auto change = destroyed();
  engine::describe_going_along(change, cluster_with(on_pbs()));
  saved.plan.changes = {change};
  engine::identify(saved, {});
  const auto read = engine::read_plan_file(engine::write_plan_file(saved, {}), "p.json", {});
  REQUIRE(read);
  const auto& again = read->saved.plan.changes[0];
  CHECK(again.backup == change.backup);
  CHECK(again.also == change.also);
}
