#include "engine/rebuild.hpp"

#include "engine/choose/settle_choices.hpp"
#include "engine/diff.hpp"
#include "engine/state_edit.hpp"
#include "engine/step_context.hpp"
#include "schema/load.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

namespace pveplan::engine {
namespace {

using core::GuestMarker;
using schema::ResourceAddress;

/// A guest that says that it is ours.
struct Claim {
  ResourceAddress address;
  GuestMarker marker;
};

std::string place_of(const GuestMarker& marker) {
  return fmt::format("{} on {}", marker.guest, marker.node);
}

async::Task<schema::Result<std::vector<GuestMarker>>> our_markers(
    const Services& services, const schema::Topology& topology, const model::ClusterFacts& cluster,
    std::uint64_t* reads) {
  std::vector<GuestMarker> ours;
  if (services.cluster == nullptr || cluster.guests.empty()) co_return ours;
  core::SurroundingsRequest request;
  request.guests = true;
  auto around = co_await services.cluster->look_around(cluster, std::move(request));
  if (!around) co_return std::unexpected(around.error());
  *reads += around->reads;
  for (auto& each : around->markers) {
    if (each.topology == topology.name) ours.push_back(std::move(each));
  }
  co_return ours;
}

/// The topology with nothing but imports, and with the instances that markers name where it leaves
/// the nodes open.
schema::Topology only_adopting(const schema::Topology& topology, const std::vector<Claim>& claims) {
  auto result = topology;
  result.moved.clear();
  result.removed.clear();
  result.imports.clear();
  std::vector<schema::Resource> resources;
  for (const auto& resource : topology.resources) {
    if (!resource.unexpanded()) {
      resources.push_back(resource);
      continue;
    }
    std::set<std::string> nodes;
    for (const auto& claim : claims) {
      if (claim.address.key && claim.address.group() == resource.address.group())
        nodes.insert(*claim.address.key);
    }
    const std::vector<std::string> named(nodes.begin(), nodes.end());
    for (auto& each : schema::expand_per_node(resource, named))
      resources.push_back(std::move(each));
  }
  std::sort(resources.begin(), resources.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
  result.resources = std::move(resources);
  return result;
}

schema::Import import_of(const ResourceAddress& address, std::string id) {
  schema::Import entry;
  entry.to = address;
  entry.id = std::move(id);
  return entry;
}

/// Disks of a block that neither name their slot nor are the first one.
std::vector<std::string> disks_without_slot(const schema::Resource& resource) {
  std::vector<std::string> names;
  const auto* disks = resource.attributes.find("disk");
  if (disks == nullptr || !disks->has_fields()) return names;
  for (const auto& [name, disk] : disks->as_fields()) {
    if (name != "os" && disk.find("slot") == nullptr) names.push_back("disk." + name);
  }
  return names;
}

void state_slot(schema::Resource& resource, const std::string& part, const schema::Value* slot) {
  const auto path = schema::Path::parse(part + ".slot");
  const bool stated = resource.attributes.find(schema::Path::parse(part)) != nullptr;
  if (stated && slot != nullptr && resource.attributes.find(path) == nullptr)
    resource.attributes = resource.attributes.with(path, *slot);
}

/// A single disk lies where it would be put today. Of several, nobody can tell which is which: then
/// the topology must say so.
async::Task<schema::Result<void>> state_slots(const Services& services, schema::Topology* topology,
                                              const state::StateFile& state,
                                              const model::ClusterFacts& cluster) {
  const auto settled = co_await remembered_choices(services, *topology, state, cluster);
  if (!settled) co_return std::unexpected(settled.error());
  for (auto& resource : topology->resources) {
    const auto names = disks_without_slot(resource);
    const auto chosen = settled->choices.attributes.find(resource.address);
    if (chosen == settled->choices.attributes.end()) continue;
    // The disk that a clone has from its template need not stand in the block.
    const auto os = schema::Path::parse("disk.os");
    const auto* inherited = chosen->second.find(os);
    if (inherited != nullptr && resource.attributes.find(os) == nullptr)
      resource.attributes = resource.attributes.with(os, *inherited);
    if (names.size() != 1) continue;
    state_slot(resource, names.front(),
               chosen->second.find(schema::Path::parse(names.front() + ".slot")));
  }
  co_return schema::Result<void>();
}

class Rebuilder {
 public:
  Rebuilder(const Services& services, const model::ClusterFacts& cluster, Rebuilt& result)
      : services_(services), cluster_(cluster), result_(result) {}

  /// Sorts out which markers can count.
  void sort_out(std::vector<GuestMarker> markers) {
    std::map<ResourceAddress, std::vector<GuestMarker>> by_address;
    for (auto& marker : markers) {
      const auto address = schema::parse_address(marker.address);
      if (marker.vmid != marker.guest) {
        leave(place_of(marker), fmt::format("a copy of {}", marker.vmid));
      } else if (!address) {
        leave(place_of(marker), fmt::format("its marker names \"{}\"", marker.address));
      } else if (result_.state.row(*address) == nullptr) {
        by_address[*address].push_back(std::move(marker));
      }
    }
    for (auto& [address, found] : by_address) {
      if (found.size() == 1) {
        claims_.push_back({address, std::move(found.front())});
        continue;
      }
      for (const auto& each : found)
        leave(place_of(each), fmt::format("several guests say that they are {}", address.text()));
    }
  }

  const std::vector<Claim>& claims() const { return claims_; }

  async::Task<schema::Diagnostics> take_guests(schema::Topology* topology) {
    std::vector<const Claim*> meant;
    for (const auto& claim : claims_) {
      if (topology->find(claim.address) == nullptr) {
        leave(place_of(claim.marker),
              fmt::format("the topology has no block {}", claim.address.text()));
        continue;
      }
      topology->imports.push_back(import_of(claim.address, std::to_string(claim.marker.guest)));
      meant.push_back(&claim);
    }
    if (meant.empty()) co_return schema::Diagnostics();
    auto edit = co_await edit_state(services_, *topology, result_.state, cluster_,
                                    model::PlanMode::converge);
    topology->imports.clear();
    if (edit.diagnostics.has_errors()) co_return std::move(edit.diagnostics);
    result_.state = std::move(*edit.state);
    for (const auto* claim : meant) {
      auto& row = result_.state.rows.at(claim->address);
      row.nonce = claim->marker.nonce;
      const auto missing = missing_part(row, edit.found.at(claim->address));
      if (!missing.empty()) {
        leave(place_of(claim->marker),
              fmt::format("{}.{} is not where it would be put today: state its slot",
                          claim->address.text(), missing));
        result_.state.rows.erase(claim->address);
        continue;
      }
      result_.taken.push_back(
          fmt::format("{}: {}", claim->address.text(), place_of(claim->marker)));
    }
    co_return schema::Diagnostics();
  }

  /// Objects that cannot carry a marker are taken when nothing would have to be changed. Of those
  /// that do not exist, or are hidden, nothing is said.
  async::Task<void> take_keyed(schema::Topology* topology) {
    std::vector<const schema::Resource*> meant;
    for (const auto& resource : topology->resources) {
      if (!is_keyed(resource) || result_.state.row(resource.address) != nullptr) continue;
      topology->imports.push_back(import_of(resource.address, std::string()));
      meant.push_back(&resource);
    }
    if (meant.empty()) co_return;
    auto edit = co_await edit_state(services_, *topology, result_.state, cluster_,
                                    model::PlanMode::converge);
    topology->imports.clear();
    for (const auto* resource : meant) {
      const auto& address = resource->address;
      const auto live = edit.found.find(address);
      if (live == edit.found.end()) continue;
      if (!is_as_stated(*resource, live->second)) {
        leave(address.text(), "it exists, but not as the topology states it: [[import]] it");
        continue;
      }
      result_.state.rows.insert_or_assign(address, std::move(edit.state->rows.at(address)));
      result_.taken.push_back(address.text() + ": exactly as the topology states it");
    }
  }

 private:
  void leave(const std::string& what, const std::string& why) {
    result_.left.push_back(fmt::format("{}: {}", what, why));
  }

  /// Whether its block alone tells which object it is, and the object cannot tell whose it is.
  bool is_keyed(const schema::Resource& resource) const {
    const auto* type = services_.types.find(resource.address.type);
    if (type == nullptr) return false;
    const auto identity =
        type->adopted_identity(resource.address, resource.attributes, std::string());
    return !identity.is_null() && identity.find("vmid") == nullptr;
  }

  /// A part of the row that the living object does not have; empty when all are there.
  static std::string missing_part(const model::Row& row, const model::LiveObject& live) {
    for (const auto& [name, part] : row.parts) {
      if (live.attributes.find(schema::Path::parse(name)) == nullptr) return name;
    }
    return {};
  }

  bool is_as_stated(const schema::Resource& resource, const model::LiveObject& live) const {
    Desired desired;
    desired.attributes =
        with_defaults(resource.schema->object, resource.attributes, false, cluster_.version);
    const auto found =
        difference(resource.schema->object, desired, live.attributes, live, cluster_.version);
    return std::none_of(found.changes.begin(), found.changes.end(), [&](const auto& change) {
      return resource.attributes.find(change.path) != nullptr;
    });
  }

  const Services& services_;
  const model::ClusterFacts& cluster_;
  Rebuilt& result_;
  std::vector<Claim> claims_;
};

}  // namespace

async::Task<std::expected<Rebuilt, schema::Diagnostics>> rebuild(
    const Services& services, const schema::Topology& topology, const state::StateFile& stored,
    const model::ClusterFacts& cluster) {
  std::uint64_t reads = 0;
  auto markers = co_await our_markers(services, topology, cluster, &reads);
  if (!markers) co_return std::unexpected(schema::Diagnostics(markers.error()));
  Rebuilt result;
  result.state = stored;
  result.state.topology = topology.name;
  Rebuilder rebuilder(services, cluster, result);
  rebuilder.sort_out(std::move(*markers));
  auto adopting = only_adopting(topology, rebuilder.claims());
  auto slots = co_await state_slots(services, &adopting, stored, cluster);
  if (!slots) co_return std::unexpected(schema::Diagnostics(slots.error()));
  auto problems = co_await rebuilder.take_guests(&adopting);
  if (problems.has_errors()) co_return std::unexpected(std::move(problems));
  co_await rebuilder.take_keyed(&adopting);
  std::sort(result.taken.begin(), result.taken.end());
  co_return result;
}

async::Task<schema::Result<void>> check_not_lost(const Services& services,
                                                 const schema::Topology& topology,
                                                 const state::StateFile& state,
                                                 const model::ClusterFacts& cluster,
                                                 std::uint64_t* reads) {
  // A state that forgot its guests is not lost: `state rm` leaves their markers where they are.
  if (!state.lineage.empty() || !state.rows.empty()) co_return schema::Result<void>();
  auto markers = co_await our_markers(services, topology, cluster, reads);
  if (!markers) co_return std::unexpected(markers.error());
  std::vector<std::string> found;
  for (const auto& each : *markers) {
    if (each.vmid == each.guest)
      found.push_back(fmt::format("{} ({})", each.address, place_of(each)));
  }
  if (found.empty()) co_return schema::Result<void>();
  std::sort(found.begin(), found.end());
  co_return std::unexpected(schema::error(
      "State lost, or a second checkout?",
      fmt::format(
          "There is no state of the topology '{}' here, but guests of the cluster say that "
          "they belong to it: {}. If somebody else applies it, use his state (docs/state.md)"
          "; if the state was lost, `pveplan state rebuild` makes it anew from the cluster.",
          topology.name, fmt::join(found, ", "))));
}

async::Task<std::expected<model::Row, schema::Diagnostics>> accepted_row(
    const Services& services, const schema::Topology& topology, const state::StateFile& state,
    const model::ClusterFacts& cluster, const model::Row* row, std::string id) {
  auto adopting = only_adopting(topology, {{row->address, GuestMarker()}});
  if (adopting.find(row->address) == nullptr) {
    co_return std::unexpected(schema::Diagnostics(schema::error(
        "Not in the topology",
        fmt::format("{} has no block: what is accepted must be declared.", row->address.text()))));
  }
  for (auto& resource : adopting.resources) {
    if (resource.address != row->address) continue;
    for (const auto& [name, part] : row->parts)
      state_slot(resource, name, part.identity.find("slot"));
  }
  adopting.imports.push_back(import_of(row->address, std::move(id)));
  auto without = state;
  without.rows.erase(row->address);
  auto edit = co_await edit_state(services, adopting, without, cluster, model::PlanMode::converge);
  if (edit.diagnostics.has_errors()) co_return std::unexpected(std::move(edit.diagnostics));
  const auto& found = edit.state->rows.at(row->address);
  auto result = *row;
  result.identity = found.identity;
  result.exported = found.exported;
  result.fingerprint.clear();
  for (auto& [name, part] : result.parts) {
    const auto at = found.parts.find(name);
    if (at != found.parts.end()) part.identity = at->second.identity;
  }
  co_return result;
}

}  // namespace pveplan::engine
