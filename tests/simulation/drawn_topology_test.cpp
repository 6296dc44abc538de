// The random topologies reach everything that the schemas know.
#include "tests/simulation/drawn_topology.hpp"

#include "tests/simulation/value_makers.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/topologies.hpp"

#include <set>

using namespace pveplan;
using sim::SimRandom;

namespace {

void note_paths(const schema::ObjectSchema& object, const schema::Value& value,
                const std::string& path, std::set<std::string>& seen);

/// Notes an attribute and what is inside of it, a star standing for the name of a part.
void note_attribute(const schema::AttributeSchema& attribute, const schema::Value& value,
                    const std::string& path, std::set<std::string>& seen) {
  seen.insert(path);
  if (!value.has_fields()) return;
  if (attribute.type.kind == schema::Type::Kind::keyed_part) {
    for (const auto& [name, part] : value.as_fields())
      note_paths(*attribute.type.object, part, path + ".*", seen);
  } else if (attribute.type.kind == schema::Type::Kind::object) {
    note_paths(*attribute.type.object, value, path, seen);
  } else if (attribute.type.kind == schema::Type::Kind::one_of) {
    for (const auto& each : attribute.type.alternatives) {
      if (each.object != nullptr) note_paths(*each.object, value, path, seen);
    }
  }
}

void note_paths(const schema::ObjectSchema& object, const schema::Value& value,
                const std::string& path, std::set<std::string>& seen) {
  for (const auto& [name, inner] : value.as_fields()) {
    const auto* attribute = object.find(name);
    if (attribute != nullptr) note_attribute(*attribute, inner, path + "." + name, seen);
  }
}

std::set<std::string> all_attributes() {
  std::set<std::string> all;
  for (const auto& [type, schema] : tests::all_schemas().all()) {
    for (const auto& path : sim::attributes_of(*schema)) all.insert(path);
  }
  return all;
}

}  // namespace

TEST_CASE("every attribute of every type is drawn, or there is a written reason why not") {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SimRandom draws(seed);
    const sim::DrawnLife life{seed, static_cast<int>(1 + seed % 3), seed % 2 == 0 ? 804 : 902};
    for (const auto& resource :
         sim::understood(sim::draw_topology(life, static_cast<int>(seed % 3), draws).text())
             .resources) {
      note_paths(resource.schema->object, resource.attributes, resource.address.type, seen);
      // Of a type by node, `nodes` has become the keys of the instances.
      if (resource.address.key) seen.insert(resource.address.type + ".nodes");
    }
  }
  for (const auto& path : all_attributes()) {
    INFO(path << " is never drawn: give it a maker in value_makers.cpp, or a reason");
    CHECK(seen.contains(path) != sim::not_drawn().contains(path));
  }
}

TEST_CASE("makers and reasons are for attributes that exist") {
  const auto all = all_attributes();
  for (const auto& [path, maker] : sim::value_makers()) {
    INFO(path);
    CHECK(all.contains(path));
  }
  for (const auto& [path, reason] : sim::not_drawn()) {
    INFO(path << ": " << reason);
    CHECK(all.contains(path));
    CHECK_FALSE(sim::value_makers().contains(path));
  }
}
