#pragma once

#include "model/live.hpp"
#include "providers/core/api.hpp"

#include <string>

namespace pveplan::pve {

/// The calls on a pool by server version: since 8.1 the pool's id is a parameter, before it stood
/// in the path, where nested pools cannot be expressed (FACTS 14.11).
class PoolRoutes {
 public:
  /// `version` as major * 100 + minor; 0 (not known) counts as new.
  explicit PoolRoutes(int version);
  core::ApiRequest read(const std::string& id) const;
  core::ApiRequest create(const std::string& id, core::Parameters values) const;
  core::ApiRequest update(const std::string& id, core::Parameters values) const;
  core::ApiRequest remove(const std::string& id) const;

 private:
  core::ApiRequest on_item(std::string method, const std::string& id,
                           core::Parameters values) const;
  bool id_in_path_;
};

/// The live pool from an answer of read(), in either form.
model::LiveObject pool_from_api(const schema::Value& data);

/// What a create or an update sends for the attributes: `comment` always, empty when unset.
core::Parameters pool_parameters(const schema::Value& attributes);

}  // namespace pveplan::pve
