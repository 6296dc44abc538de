#pragma once

#include "schema/value.hpp"

#include <functional>
#include <optional>

namespace pveplan::engine {

/// What a resource exports, by address; nullptr while nothing is known of it. For `[*]` the address
/// is the group and the function is asked for each key through `instances`.
class Exports {
 public:
  virtual ~Exports() = default;
  virtual const schema::Value* find(const schema::ResourceAddress& address) const = 0;
  /// Addresses of a group in the order of their keys.
  virtual std::vector<schema::ResourceAddress> instances(
      const schema::ResourceAddress& group) const = 0;
};

/// Replaces every reference whose target is known. What is not known stays a reference, so that
/// apply can resolve it when its target is done.
schema::Value resolve_references(const schema::Value& value, const Exports& exports);

}  // namespace pveplan::engine
