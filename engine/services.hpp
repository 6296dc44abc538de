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
class Services {
 public:
  Services(async::Host& host_, const core::TypeRegistry& types_,
           const schema::SchemaRegistry& schemas_, EventSink& events_)
      : host(host_), types(types_), schemas(schemas_), events(events_) {}

  async::Host& host;
  const core::TypeRegistry& types;
  const schema::SchemaRegistry& schemas;
  EventSink& events;
  core::Api* api = nullptr;
  core::Tasks* tasks = nullptr;
  core::ClusterReader* cluster = nullptr;
};

}  // namespace pveplan::engine
