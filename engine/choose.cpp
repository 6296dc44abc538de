#include "engine/choose.hpp"

#include "model/sha256.hpp"

#include <fmt/format.h>

namespace pveplan::engine {

using schema::Choice;
using schema::Value;

namespace {

/// Numbers that stay the same as long as cluster, topology and address do.
std::string hash_id(const schema::Topology& topology, const model::ClusterFacts& cluster,
                    const schema::ResourceAddress& address) {
  return model::sha256_hex(cluster.identity + "\n" + topology.name + "\n" + address.text())
      .substr(0, 16);
}

/// What a resource has been given once, it keeps for life.
const Value* remembered(const state::StateFile& state, const schema::ResourceAddress& address,
                        const std::string& attribute) {
  const auto* row = state.row(address);
  return row != nullptr ? row->owned.find(attribute) : nullptr;
}

}  // namespace

Choices choose(const schema::Topology& topology, const state::StateFile& state,
               const model::ClusterFacts& cluster) {
  Choices choices;
  for (const auto& resource : topology.resources) {
    Value attributes = resource.attributes;
    bool changed = false;
    for (const auto& attribute : resource.schema->object.attributes) {
      if (attribute.choice == Choice::none || attributes.find(attribute.name) != nullptr) continue;
      Value value;
      if (const auto* known = remembered(state, resource.address, attribute.name)) {
        value = *known;
      } else if (attribute.choice == Choice::hash_id) {
        value = Value::string(hash_id(topology, cluster, resource.address));
      }
      if (value.is_null()) continue;
      attributes = attributes.with(schema::Path({attribute.name}), std::move(value));
      changed = true;
    }
    if (changed)
      choices.attributes.emplace_hint(choices.attributes.end(), resource.address,
                                      std::move(attributes));
  }
  return choices;
}

}  // namespace pveplan::engine
