#include "engine/choose/clone_source.hpp"

#include "engine/choose/schema_walk.hpp"
#include "schema/units.hpp"

#include <fmt/format.h>

namespace pveplan::engine {

using schema::Path;
using schema::ResourceAddress;
using schema::Value;

std::uint64_t CloneSource::disk_size(std::string_view name) const {
  const Value* size = attributes.find(Path({"disk", std::string(name), "size"}));
  const bool known = size != nullptr && size->kind() == Value::Kind::integer;
  return known ? static_cast<std::uint64_t>(size->as_integer()) : 0;
}

namespace {

bool makes(const model::Change& change) {
  return change.action == model::Action::create || change.action == model::Action::replace;
}

/// The change that makes the resource, be it anew.
const model::Change* making_of(const ResourceAddress& address, const model::Plan& plan) {
  const auto* change = plan.change(address);
  return change != nullptr && makes(*change) ? change : nullptr;
}

std::optional<CloneSource> source_of(const model::Change& change, const model::Plan& plan,
                                     const LiveState& live) {
  const auto name = text_at(change.after, "template");
  if (name.empty()) return std::nullopt;
  const auto node = text_at(change.identity, "node");
  for (const auto& key : {std::optional(node), std::optional<std::string>()}) {
    const ResourceAddress address{"template", name, "", key};
    if (const auto* made = making_of(address, plan))
      return CloneSource{address, made->identity, made->after};
    const auto seen = live.objects.find(address);
    const auto* object =
        seen == live.objects.end() ? nullptr : std::get_if<model::LiveObject>(&seen->second);
    if (object != nullptr) return CloneSource{address, object->identity, object->attributes};
  }
  return std::nullopt;
}

}  // namespace

std::optional<CloneSource> clone_source(const model::Change& change, const model::Plan& plan,
                                        const LiveState& live) {
  if (change.action != model::Action::create) return std::nullopt;
  return source_of(change, plan, live);
}

void refuse_smaller_clones(const schema::Topology& topology, const model::Plan& plan,
                           const LiveState& live, schema::Diagnostics& diagnostics) {
  const Path path({"disk", "os", "size"});
  for (const auto& change : plan.changes) {
    const Value* size = change.after.find(path);
    if (!makes(change) || size == nullptr || size->kind() != Value::Kind::integer) continue;
    const auto wanted = static_cast<std::uint64_t>(size->as_integer());
    const auto source = source_of(change, plan, live);
    const auto least = source ? source->disk_size("os") : 0;
    if (wanted >= least) continue;
    const auto* resource = topology.find(change.address);
    auto diagnostic = schema::error(
        "Disk smaller than its template's",
        fmt::format(
            "{0}: disk.os is to be {1} large, and {2}, whose copy it will be, has {3} there. "
            "A disk never shrinks: write at least {3}, or leave the size out.",
            change.address.text(), schema::readable_size(wanted), source->address.text(),
            schema::readable_size(least)),
        resource == nullptr ? schema::Span() : resource->span_of(path));
    diagnostic.address = change.address;
    diagnostics.add(std::move(diagnostic));
  }
}

namespace {

/// All disks of the template; 0 where the size of any is not known.
std::uint64_t size_of_all(const CloneSource& source) {
  const Value* disks = source.attributes.find("disk");
  if (disks == nullptr || !disks->has_fields()) return 0;
  std::uint64_t total = 0;
  for (const auto& [name, disk] : disks->as_fields()) {
    const auto size = source.disk_size(name);
    if (size == 0) return 0;
    total += size;
  }
  return total;
}

}  // namespace

void describe_clones(model::Plan& plan, const LiveState& live) {
  for (auto& change : plan.changes) {
    const auto source = clone_source(change, plan, live);
    if (!source) continue;
    const Value* vmid = source->identity.find("vmid");
    const auto origin =
        source->address.text() + (vmid != nullptr && vmid->kind() == Value::Kind::integer
                                      ? fmt::format(" ({})", vmid->as_integer())
                                      : std::string());
    if (text_at(change.after, "clone") == "linked") {
      change.notes.push_back(fmt::format("linked clone of {}, copies nothing", origin));
      continue;
    }
    const auto bytes = size_of_all(*source);
    if (bytes == 0) {
      change.notes.push_back(fmt::format("full clone of {}, copies its disks", origin));
      continue;
    }
    change.effects.data.push_back(
        {model::DataEffect::Kind::copy, bytes, "full clone of " + origin});
  }
}

}  // namespace pveplan::engine
