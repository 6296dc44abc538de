#include "engine/choose/settle_choices.hpp"

#include "providers/async/task_group.hpp"

namespace pveplan::engine {

using schema::Path;
using schema::Value;

namespace {

schema::Diagnostics one_problem(schema::Diagnostic diagnostic) {
  schema::Diagnostics list;
  list.add(std::move(diagnostic));
  return list;
}

core::SurroundingsRequest request_for(const Choices& choices, const state::StateFile& state) {
  core::SurroundingsRequest request;
  request.volumes = !choices.new_vmids.empty();
  request.guests = !choices.new_nics_on.empty();
  request.bridges_of = choices.new_nics_on;
  for (const auto& [address, row] : state.rows) {
    const Value* vmid = row.identity.find("vmid");
    if (vmid != nullptr && vmid->kind() == Value::Kind::integer)
      request.own_guests.insert(vmid->as_integer());
  }
  return request;
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

/// A plan holds digests only: they tell whether a secret changed and nothing else.
async::Task<schema::Result<void>> replace_secrets(const Services& services,
                                                  const schema::Topology& topology,
                                                  Choices* choices) {
  for (const auto& resource : choices->topology(topology).resources) {
    std::vector<Path> secrets;
    find_secrets(resource.schema->object, resource.attributes, Path(), secrets);
    for (const auto& path : secrets) {
      if (services.secrets == nullptr) break;
      auto digest = co_await services.secrets->digest(resource.address.text(), path.text());
      if (!digest) co_return std::unexpected(digest.error());
      const auto at = choices->attributes.try_emplace(resource.address, resource.attributes).first;
      at->second = at->second.with(
          path, Value::map({{"hmac", Value::string(std::move(*digest))}}).as_sensitive());
    }
  }
  co_return schema::Result<void>();
}

}  // namespace

async::Task<std::expected<SettledChoices, schema::Diagnostics>> settle_choices(
    const Services& services, const schema::Topology& topology, const state::StateFile& state,
    const model::ClusterFacts& cluster) {
  SettledChoices settled;
  if (services.pins != nullptr) settled.facts.pins = *services.pins;
  settled.choices = choose(topology, state, cluster, settled.facts);
  const auto request = request_for(settled.choices, state);
  if (services.cluster != nullptr && (request.volumes || request.guests)) {
    auto around = co_await services.cluster->look_around(cluster, request);
    if (!around) co_return std::unexpected(one_problem(around.error()));
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
    if (!all_free) co_return std::unexpected(one_problem(all_free.error()));
    confirmed = *all_free;
    if (!confirmed) settled.choices = choose(topology, state, cluster, settled.facts);
  }
  if (settled.choices.diagnostics.has_errors())
    co_return std::unexpected(std::move(settled.choices.diagnostics));
  auto replaced = co_await replace_secrets(services, topology, &settled.choices);
  if (!replaced) co_return std::unexpected(one_problem(replaced.error()));
  co_return settled;
}

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
  auto again = choose(topology, state, cluster, settled.facts);
  for (auto& [address, attributes] : again.attributes) {
    if (!settled.facts.occupied_slots.contains(address)) continue;
    const auto before = settled.choices.attributes.find(address);
    const Value* secret = before == settled.choices.attributes.end()
                              ? nullptr
                              : before->second.find(Path::parse("cloud_init.password"));
    if (secret != nullptr)
      attributes = attributes.with(Path::parse("cloud_init.password"), *secret);
    settled.choices.attributes.insert_or_assign(address, std::move(attributes));
  }
}

}  // namespace pveplan::engine
