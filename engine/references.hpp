#pragma once

#include "schema/value.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace pveplan::engine {

/// What a resource exports, by address; nullptr while nothing is known of it. For `[*]` the address
/// is the group and the function is asked for each key through `instances`.
class Exports {
 public:
  virtual ~Exports() = default;
  virtual const schema::Value* find(const schema::ResourceAddress& address) const = 0;
  /// What it states itself, or has by a default of ours: it can be referred to as well.
  virtual const schema::Value* stated(const schema::ResourceAddress& address) const = 0;
  /// Addresses of a group in the order of their keys.
  virtual std::vector<schema::ResourceAddress> instances(
      const schema::ResourceAddress& group) const = 0;
};

/// The addresses of `group` in a map that is ordered by address.
template <typename Map>
std::vector<schema::ResourceAddress> instances_in(const Map& by_address,
                                                  const schema::ResourceAddress& group) {
  std::vector<schema::ResourceAddress> result;
  for (auto at = by_address.lower_bound(group); at != by_address.end(); ++at) {
    if (at->first.group() != group) break;
    result.push_back(at->first);
  }
  return result;
}

/// Replaces every reference whose target is known. What is not known stays a reference, so that
/// apply can resolve it when its target is done.
schema::Value resolve_references(const schema::Value& value, const Exports& exports);

}  // namespace pveplan::engine
