#pragma once

#include "lab/core/core.hpp"
#include "providers/core/resource_type.hpp"
#include "providers/pve/client/client.hpp"
#include "tests/providers/pve/support/backend.hpp"
#include "tests/support/lab_service.hpp"
#include "tests/support/sim_host.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace pveplan::pve::test {

/// Loses chosen writes on their way: the n-th one, counted from 0 over a whole test.
class LostWrites final : public sim::SimFaults {
 public:
  sim::Fate fate(const async::HttpRequest& request) override;
  sim::Duration latency(const async::HttpRequest&) override { return std::chrono::milliseconds(1); }

  std::map<int, sim::Fate> fates;
  int writes = 0;
};

/// The lab's core, and a client of it that runs steps the way the engine does: one after the other,
/// with lost writes settled before anything is repeated.
class LabCluster {
 public:
  explicit LabCluster(int nodes = 1, int major = 8);

  core::Context context() { return core::Context(backend); }
  template <typename T>
  T run(async::Task<T> task) {
    return host.loop.run(std::move(task));
  }
  /// Reads the cluster's facts afresh.
  void refresh();
  /// What the resource's read answers now, after a refresh.
  model::ReadOutcome read(const core::ResourceType& type, const schema::ResourceAddress& address,
                          const model::Identity& identity);
  /// Lowers and runs the change; the rows go into the backend. The error of the first step that
  /// certainly failed.
  schema::Result<void> apply(const core::ResourceType& type, const model::Change& change);

  sim::SimWorld world;
  lab::Core core;
  std::vector<std::unique_ptr<sim::LabService>> services;
  LostWrites faults;
  sim::SimHost host;
  Client client;
  PlainBackend backend;

 private:
  schema::Result<void> run_step(const core::ResourceType& type, const model::Step& step);
  void store(const model::Outcome& outcome);
};

/// Runs `life` once undisturbed to count its writes, then again for every write and every way to
/// lose it. `life` gets a fresh cluster each time and checks the end by itself.
void lose_every_write(const std::function<void(LabCluster&)>& life);

}  // namespace pveplan::pve::test
