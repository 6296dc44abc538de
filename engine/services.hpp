#pragma once

#include "engine/events.hpp"
#include "model/cluster.hpp"
#include "providers/async/cancel.hpp"
#include "providers/async/host.hpp"
#include "providers/core/cluster_reader.hpp"
#include "providers/core/resource_type.hpp"

#include <string>

namespace pveplan::engine {

/// What the engine works with, built by the composition root. `api`, `tasks` and `cluster` are null
/// for a topology without [proxmox].
struct Services {
  async::Host& host;
  core::Api* api = nullptr;
  core::Tasks* tasks = nullptr;
  core::ClusterReader* cluster = nullptr;
  const core::TypeRegistry& types;
  const schema::SchemaRegistry& schemas;
  EventSink& events;
};

}  // namespace pveplan::engine
