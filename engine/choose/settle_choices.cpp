#include "engine/choose/settle_choices.hpp"

#include "engine/choose/schema_walk.hpp"
#include "engine/fold_instances.hpp"
#include "providers/async/task_group.hpp"

#include <fmt/format.h>

namespace pveplan::engine {

using schema::Path;
using schema::Value;

std::set<std::int64_t> managed_guests(const state::StateFile& state) {
  std::set<std::int64_t> vmids;
  for (const auto& [address, row] : state.rows) {
    const Value* vmid = row.identity.find("vmid");
    if (vmid != nullptr && vmid->kind() == Value::Kind::integer) vmids.insert(vmid->as_integer());
  }
  return vmids;
}

namespace {

std::set<std::string> new_names(const Choices& choices, const state::StateFile& state) {
  std::set<std::string> names;
  for (const auto& [address, attributes] : choices.attributes) {
    const auto name = text_at(attributes, "name");
    if (!name.empty() && state.row(address) == nullptr) names.insert(name);
  }
  return names;
}

/// All guests are read where a NIC is new. Else only those that may be what the plan would make:
/// they have its name, or none yet, since a listing names young guests late.
void ask_for_guests(core::SurroundingsRequest& request, const Choices& choices,
                    const state::StateFile& state, const model::ClusterFacts& cluster) {
  request.guests = true;
  request.unread_guests = managed_guests(state);
  if (!choices.new_nics_on.empty()) return;
  const auto names = new_names(choices, state);
  for (const auto& guest : cluster.guests) {
    if (!guest.name.empty() && !names.contains(guest.name))
      request.unread_guests.insert(guest.vmid);
  }
}

core::SurroundingsRequest request_for(const Choices& choices, const state::StateFile& state,
                                      const model::ClusterFacts& cluster) {
  core::SurroundingsRequest request;
  request.volumes = !choices.new_vmids.empty();
  request.bridges_of = choices.new_nics_on;
  if (request.volumes || !choices.new_nics_on.empty())
    ask_for_guests(request, choices, state, cluster);
  return request;
}

/// Guests that say that they are what the plan would make: a state that was put back from a backup
/// does not know what was made since.
void refuse_doubles(SettledChoices& settled, const schema::Topology& topology,
                    const state::StateFile& state) {
  std::set<schema::ResourceAddress> begun;
  for (const auto& [id, intent] : state.open_intents) begun.insert(intent.address);
  for (const auto& marker : settled.facts.around.markers) {
    const auto address = schema::parse_address(marker.address);
    const bool ours = marker.topology == topology.name && marker.vmid == marker.guest;
    if (!ours || !address || state.row(*address) != nullptr || begun.contains(*address)) continue;
    const auto* resource = settled.choices.topology(topology).find(*address);
    if (resource == nullptr) continue;
    auto diagnostic = schema::error(
        "Made before, and not in the state",
        fmt::format("The state knows no {0}, but the guest {1} on {2} says that it is this "
                    "topology's {0}: another one would be made beside it. `pveplan state rebuild` "
                    "takes it back; if it shall not come back, remove it or the last line of its "
                    "description.",
                    marker.address, marker.guest, marker.node),
        resource->span);
    diagnostic.address = *address;
    settled.choices.diagnostics.add(std::move(diagnostic));
  }
}

async::Task<schema::Result<bool>> ask(core::ClusterReader* cluster, std::int64_t vmid) {
  auto free = co_await cluster->vmid_is_free(vmid);
  co_return free;
}

/// Asks for all at once; ids that somebody has are added to `facts`.
async::Task<schema::Result<bool>> confirm(core::ClusterReader* cluster,
                                          std::set<std::int64_t> vmids, ChoiceFacts* facts) {
  async::TaskGroup<schema::Result<bool>> group;
  for (const auto vmid : vmids) group.start(static_cast<std::uint64_t>(vmid), ask(cluster, vmid));
  bool all_free = true;
  std::optional<schema::Diagnostic> failure;
  while (!group.empty()) {
    auto finished = co_await group.next();
    if (!finished.value) {
      failure = finished.value.error();
    } else if (!*finished.value) {
      facts->taken_vmids.insert(static_cast<std::int64_t>(finished.id));
      all_free = false;
    }
  }
  if (failure) co_return std::unexpected(std::move(*failure));
  co_return all_free;
}

void find_secrets(const schema::ObjectSchema& object, const Value& value, const Path& at,
                  std::vector<Path>& secrets) {
  if (!value.has_fields()) return;
  for (const auto& attribute : object.attributes) {
    const Value* held = value.find(attribute.name);
    if (held == nullptr) continue;
    const auto here = at.child(attribute.name);
    if (attribute.type.kind == schema::Type::Kind::secret) secrets.push_back(here);
    if (attribute.type.kind == schema::Type::Kind::object)
      find_secrets(*attribute.type.object, *held, here, secrets);
  }
}

Value with_digests(Value attributes, const SecretDigests::mapped_type& digests) {
  for (const auto& [path, digest] : digests) attributes = attributes.with(path, digest);
  return attributes;
}

/// A plan holds digests only: they tell whether a secret changed and nothing else.
async::Task<schema::Result<void>> digest_secrets(const Services& services,
                                                 const schema::Topology& topology,
                                                 SettledChoices* settled) {
  const auto& wanted = settled->choices.topology(topology);
  for (const auto& resource : wanted.resources) {
    std::vector<Path> secrets;
    find_secrets(resource.schema->object, resource.attributes, Path(), secrets);
    for (const auto& path : secrets) {
      if (services.secrets == nullptr) break;
      auto digest = co_await services.secrets->digest(resource.address.text(), path.text());
      if (!digest) co_return std::unexpected(digest.error());
      settled->digests[resource.address].emplace_back(
          path, Value::map({{"hmac", Value::string(std::move(*digest))}}).as_sensitive());
    }
  }
  for (const auto& resource : wanted.resources) {
    const auto digests = settled->digests.find(resource.address);
    if (digests == settled->digests.end()) continue;
    auto& chosen = settled->choices.attributes;
    const auto at = chosen.try_emplace(resource.address, resource.attributes).first;
    at->second = with_digests(std::move(at->second), digests->second);
  }
  co_return schema::Result<void>();
}

}  // namespace

async::Task<std::expected<SettledChoices, schema::Diagnostics>> settle_choices(
    const Services& services, const schema::Topology& topology, const state::StateFile& state,
    const model::ClusterFacts& cluster, bool of_a_part) {
  SettledChoices settled;
  if (services.pins != nullptr) settled.facts.pins = *services.pins;
  settled.choices = choose(topology, state, cluster, settled.facts);
  const auto request = request_for(settled.choices, state, cluster);
  if (services.cluster != nullptr && request.guests) {
    auto around = co_await services.cluster->look_around(cluster, request);
    if (!around) co_return std::unexpected(schema::Diagnostics(around.error()));
    settled.facts.around = std::move(*around);
    settled.reads = settled.facts.around.reads;
    settled.choices = choose(topology, state, cluster, settled.facts);
  }
  std::set<std::int64_t> asked;
  for (bool confirmed = services.cluster == nullptr; !confirmed;) {
    std::set<std::int64_t> open;
    for (const auto vmid : settled.choices.new_vmids) {
      if (asked.insert(vmid).second) open.insert(vmid);
    }
    settled.reads += open.size();
    auto all_free = co_await confirm(services.cluster, open, &settled.facts);
    if (!all_free) co_return std::unexpected(schema::Diagnostics(all_free.error()));
    confirmed = *all_free;
    if (!confirmed) settled.choices = choose(topology, state, cluster, settled.facts);
  }
  refuse_doubles(settled, topology, state);
  if (settled.choices.diagnostics.has_errors() && !of_a_part)
    co_return std::unexpected(fold_instances(settled.choices.diagnostics.items()));
  auto digested = co_await digest_secrets(services, topology, &settled);
  if (!digested) co_return std::unexpected(schema::Diagnostics(digested.error()));
  co_return settled;
}

async::Task<schema::Result<SettledChoices>> remembered_choices(const Services& services,
                                                               const schema::Topology& topology,
                                                               const state::StateFile& state,
                                                               const model::ClusterFacts& cluster) {
  SettledChoices settled;
  if (services.pins != nullptr) settled.facts.pins = *services.pins;
  settled.choices = choose(topology, state, cluster, settled.facts);
  settled.choices.unreachable.clear();
  auto digested = co_await digest_secrets(services, topology, &settled);
  if (!digested) co_return std::unexpected(digested.error());
  co_return settled;
}

namespace {

/// Chooses anew with the facts as they are now, and takes over what concerns the resources that
/// `meant` names, or all. Secrets stay digests.
schema::Diagnostics choose_again(
    SettledChoices& settled, const schema::Topology& topology, const state::StateFile& state,
    const model::ClusterFacts& cluster,
    const std::map<schema::ResourceAddress, std::set<std::string>>* meant) {
  auto again = choose(topology, state, cluster, settled.facts);
  for (auto& [address, attributes] : again.attributes) {
    if (meant != nullptr && !meant->contains(address)) continue;
    const auto digests = settled.digests.find(address);
    if (digests != settled.digests.end())
      attributes = with_digests(std::move(attributes), digests->second);
    settled.choices.attributes.insert_or_assign(address, std::move(attributes));
  }
  return std::move(again.diagnostics);
}

}  // namespace

void choose_around_undeclared(SettledChoices& settled, const schema::Topology& topology,
                              const state::StateFile& state, const model::ClusterFacts& cluster,
                              const LiveState& live) {
  for (const auto& [address, outcome] : live.objects) {
    const auto* object = std::get_if<model::LiveObject>(&outcome);
    const Value* undeclared = object == nullptr ? nullptr : object->facts.find("undeclared");
    if (undeclared == nullptr || undeclared->kind() != Value::Kind::list) continue;
    for (const auto& entry : undeclared->as_list()) {
      const auto& text = entry.as_string();  // "scsi1 local-lvm:vm-100-disk-1"
      settled.facts.occupied_slots[address].insert(text.substr(0, text.find(' ')));
    }
  }
  if (settled.facts.occupied_slots.empty()) return;
  choose_again(settled, topology, state, cluster, &settled.facts.occupied_slots);
}

schema::Diagnostics choose_around_held_addresses(SettledChoices& settled,
                                                 const schema::Topology& topology,
                                                 const state::StateFile& state,
                                                 const model::ClusterFacts& cluster,
                                                 const LiveState& live) {
  for (const auto& [address, outcome] : live.objects) {
    const auto* object = std::get_if<model::LiveObject>(&outcome);
    const Value* held = object == nullptr ? nullptr : object->facts.find("held_addresses");
    if (held == nullptr || held->kind() != Value::Kind::list) continue;
    for (const auto& each : held->as_list())
      settled.facts.held_addresses.emplace(each.as_string(), address);
  }
  if (settled.facts.held_addresses.empty()) return {};
  return choose_again(settled, topology, state, cluster, nullptr);
}

}  // namespace pveplan::engine
