#pragma once

#include "lab/core/api_table.hpp"
#include "lab/core/failure.hpp"
#include "lab/core/multipart.hpp"
#include "lab/core/parameters.hpp"
#include "lab/world/world.hpp"

#include <string>
#include <utility>

namespace pveplan::lab {

/// Who calls: `u@r`, or `u@r!token`; empty for calls that need no credentials.
struct Caller {
  std::string who;
  bool is_token() const { return who.find('!') != std::string::npos; }
  std::string user() const { return who.substr(0, who.find('!')); }
  std::string token() const { return is_token() ? who.substr(who.find('!') + 1) : std::string{}; }
};

/// One call on its way through a handler: parameters have been checked, the permission rule of the
/// table as well.
struct Call {
  World& world;
  const Endpoint& endpoint;
  Parameters parameters;
  Caller caller;
  std::string node;                ///< where the call runs
  const Upload* upload = nullptr;  ///< the file that came with it
  Duration delay{};                ///< for how long the handler had to wait before its answer

  Node& here() { return world.nodes.at(node); }
  int major() const { return world.release.major; }
  bool is_root() const { return caller.who == "root@pam"; }

  bool may(const std::string& path, const std::string& privilege) const {
    return has_privilege(world, caller.who, path, privilege);
  }
  bool may_any(const std::string& path, const std::vector<std::string>& privileges) const {
    return has_any(world, caller.who, path, privileges);
  }
};

// Shorthands for answers.
inline schema::Value str(std::string text) { return schema::Value::string(std::move(text)); }
inline schema::Value num(std::int64_t value) { return schema::Value::integer(value); }
/// Booleans are 0 and 1 in the real answers.
inline schema::Value bit(bool value) { return schema::Value::integer(value ? 1 : 0); }
inline schema::Value null() { return {}; }

}  // namespace pveplan::lab
