#include "engine/choose/clone_source.hpp"

#include "engine/choose/schema_walk.hpp"

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

std::optional<CloneSource> clone_source(const model::Change& change, const model::Plan& plan,
                                        const LiveState& live) {
  const auto name = text_at(change.after, "template");
  if (change.action != model::Action::create || name.empty()) return std::nullopt;
  const auto node = text_at(change.identity, "node");
  for (const auto& key : {std::optional(node), std::optional<std::string>()}) {
    const ResourceAddress address{"template", name, "", key};
    const auto seen = live.objects.find(address);
    const auto* object =
        seen == live.objects.end() ? nullptr : std::get_if<model::LiveObject>(&seen->second);
    if (object != nullptr) return CloneSource{address, object->identity, object->attributes};
    if (const auto* other = plan.change(address); other != nullptr)
      return CloneSource{address, other->identity, other->after};
  }
  return std::nullopt;
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
