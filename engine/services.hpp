#pragma once

#include "engine/events.hpp"
#include "engine/plan_value.hpp"
#include "model/cluster.hpp"
#include "providers/async/cancel.hpp"
#include "providers/async/host.hpp"
#include "providers/core/cluster_reader.hpp"
#include "providers/core/resource_type.hpp"
#include "schema/lock_file.hpp"

#include <string>

namespace pveplan::engine {

/// The secrets that a topology names, fetched at their use.
class Secrets {
 public:
  virtual ~Secrets() = default;
  /// `address` and `path` as texts: "vm.db[1]", "cloud_init.password". Tells whether the secret
  /// changed, and nothing else.
  virtual async::Task<schema::Result<std::string>> digest(std::string address,
                                                          std::string path) = 0;
  /// For secrets that stand in attributes by way of a variable: fetches the key.
  virtual async::Task<schema::Result<SecretDigest>> digests() = 0;
  /// In the form in which it is sent: a password is crypted.
  virtual async::Task<schema::Result<std::string>> text(std::string address, std::string path) = 0;
};

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
  Secrets* secrets = nullptr;
  const schema::Pins* pins = nullptr;  ///< of the lock file
  bool locked = false;                 ///< an image that is not pinned is an error
};

}  // namespace pveplan::engine
