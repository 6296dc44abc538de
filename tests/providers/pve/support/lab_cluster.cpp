#include "tests/providers/pve/support/lab_cluster.hpp"

#include "lab/world/make_world.hpp"
#include "providers/pve/cluster/cluster.hpp"
#include "tests/support/catch.hpp"

namespace pveplan::pve::test {
namespace {

lab::World make_world(int nodes, int major, sim::Time start) {
  lab::WorldOptions options;
  options.nodes = nodes;
  options.major = major;
  options.start = start;
  return lab::make_world(options);
}

ClientOptions client_options(lab::Core& core) {
  ClientOptions options;
  for (const auto& [name, node] : core.world().nodes)
    options.endpoints.push_back("https://" + name + ":8006");
  options.token = "root@pam!sim=" + lab::add_token(core.world(), "root@pam", "sim", false);
  return options;
}

}  // namespace

sim::Fate LostWrites::fate(const async::HttpRequest& request) {
  if (!request.writes) return sim::Fate::deliver;
  const auto at = fates.find(writes++);
  return at == fates.end() ? sim::Fate::deliver : at->second;
}

LabCluster::LabCluster(int nodes, int major)
    : world(1),
      core(make_world(nodes, major, world.clock.now())),
      host(world),
      client(host.transport, world.clock, client_options(core)),
      backend(client) {
  for (const auto& [name, node] : core.world().nodes) {
    services.push_back(std::make_unique<sim::LabService>(core, name));
    world.network.connect(name + ":8006", *services.back());
  }
  world.network.set_faults(&faults);
  refresh();
}

void LabCluster::refresh() {
  auto facts = run(load_cluster_facts(client, client.user()));
  if (!facts) FAIL(facts.error().detail);
  backend.facts = *facts;
}

model::ReadOutcome LabCluster::read(const core::ResourceType& type,
                                    const schema::ResourceAddress& address,
                                    const model::Identity& identity) {
  refresh();
  auto outcome = run(type.read(context(), identity, backend.row(address)));
  if (!outcome) FAIL(outcome.error().detail);
  return *outcome;
}

schema::Result<void> LabCluster::apply(const core::ResourceType& type,
                                       const model::Change& change) {
  for (const auto& step : type.lower(change)) {
    auto done = run_step(type, step);
    if (done) continue;
    UNSCOPED_INFO(step.operation << ": " << done.error().detail);
    return done;
  }
  return {};
}

schema::Result<void> LabCluster::run_step(const core::ResourceType& type, const model::Step& step) {
  backend.begin(step);
  for (int attempt = 0; attempt < 4; ++attempt) {
    backend.clear_unknown();
    auto outcome = run(type.run(context(), step));
    if (outcome) {
      store(*outcome);
      return {};
    }
    if (!backend.outcome_unknown()) return std::unexpected(outcome.error());
    auto settled = run(type.resolve(context(), backend.intent()));
    REQUIRE(settled);
    if (auto* done = std::get_if<model::Done>(&*settled)) {
      store(done->outcome);
      return {};
    }
    if (auto* taken = std::get_if<model::Taken>(&*settled))
      return std::unexpected(taken->diagnostic);
    if (auto* open = std::get_if<model::StillOpen>(&*settled)) FAIL(open->reason);
  }
  return std::unexpected(schema::error("Too many attempts", step.operation));
}

void LabCluster::store(const model::Outcome& outcome) {
  if (outcome.row) {
    backend.rows.insert_or_assign(outcome.address, *outcome.row);
  } else {
    backend.rows.erase(outcome.address);
  }
}

void lose_every_write(const std::function<void(LabCluster&)>& life) {
  int writes = 0;
  {
    LabCluster undisturbed;
    life(undisturbed);
    writes = undisturbed.faults.writes;
  }
  REQUIRE(writes > 0);
  for (int write = 0; write < writes; ++write) {
    for (const auto fate :
         {sim::Fate::refuse, sim::Fate::lose_before_effect, sim::Fate::lose_after_effect}) {
      INFO("write " << write << ", fate " << static_cast<int>(fate));
      LabCluster cluster;
      cluster.faults.fates[write] = fate;
      life(cluster);
    }
  }
}

}  // namespace pveplan::pve::test
