#include "engine/effects.hpp"

#include "providers/core/resources/record/schema.hpp"
#include "providers/pve/resources/bridge/schema.hpp"
#include "providers/pve/resources/pool/schema.hpp"
#include "providers/pve/resources/vm/schema.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using model::Availability;
using schema::Value;

namespace {

Value guest(const char* status) {
  return Value::map(
      {{"status", Value::string(status)},
       {"node", Value::string("pve1")},
       {"volumes", Value::list({Value::map({{"label", Value::string("disk.os (local-lvm)")},
                                            {"bytes", Value::integer(20)}})})}});
}

}  // namespace

TEST_CASE("removing what is no guest stops nothing") {
  for (const auto& schema : {core::record_schema(), pve::pool_schema()}) {
    const auto effects = engine::removal_effects(schema.object, Value());
    CHECK(effects.availability == Availability::none);
    CHECK(effects == model::Effects());
  }
}

TEST_CASE("removing a bridge reloads the network of its node") {
  const auto effects = engine::removal_effects(pve::bridge_schema().object,
                                               Value::map({{"node", Value::string("pve1")}}));
  CHECK(effects.availability == Availability::live);
  CHECK(effects.interrupts_node == "pve1");
}

TEST_CASE("removing a guest loses its volumes and stops it only when it runs") {
  const auto schema = pve::vm_schema();
  const auto running = engine::removal_effects(schema.object, guest("running"));
  CHECK(running.availability == Availability::stop);
  CHECK(running.lost_bytes() == 20);
  CHECK(running.interrupts_node.empty());
  const auto stopped = engine::removal_effects(schema.object, guest("stopped"));
  CHECK(stopped.availability == Availability::none);
  CHECK(stopped.lost_bytes() == 20);
}

TEST_CASE("an attribute that forces a replacement stops running guests only") {
  for (const auto rule : {schema::EffectRule::replaces, schema::EffectRule::identity}) {
    const auto pool = engine::effect_of(rule, engine::ChangeKind::set, Value());
    CHECK(pool.forces_replace);
    CHECK(pool.effects.availability == Availability::none);
    const auto vm = engine::effect_of(rule, engine::ChangeKind::set, guest("running"));
    CHECK(vm.effects.availability == Availability::stop);
  }
}
