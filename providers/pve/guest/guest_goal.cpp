#include "providers/pve/guest/guest_goal.hpp"

#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/guest_row.hpp"
#include "providers/pve/guest/make_guest.hpp"
#include "providers/pve/guest_codec/drive.hpp"
#include "providers/pve/guest_codec/nic.hpp"
#include "providers/pve/guest_codec/slots.hpp"
#include "providers/pve/settle/settle.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::pve {

using schema::Path;
using schema::Value;

namespace {

std::vector<std::pair<std::string, Value>> disks_of(const Value& after) {
  const auto* disks = member(after, "disk");
  return disks == nullptr ? by_slot(Value()) : by_slot(*disks);
}

/// The storage of the first disk that states one, "os" first; a template has one for all.
std::string usual_storage(const Value& after) {
  auto storage = text_of(after, "storage");
  for (const auto& [name, disk] : disks_of(after)) {
    if (storage.empty()) storage = text_of(disk, "storage");
  }
  return storage;
}

/// The volumes that a disk gets back when it is wanted again, by its name: it was detached and is
/// kept, or is not let go yet.
std::map<std::string, std::string> known_volumes(const model::Row& row, const GuestConfig& config) {
  constexpr std::string_view kDisk = "disk.";
  std::map<std::string, std::string> result;
  for (const auto& [key, part] : row.parts) {
    const auto volume = text_of(part.identity, "volume");
    if (!key.starts_with(kDisk) || volume.empty()) continue;
    if (part.kept || is_plugged(config, volume)) result.emplace(key.substr(kDisk.size()), volume);
  }
  return result;
}

}  // namespace

bool is_plugged(const GuestConfig& config, const std::string& volume) {
  const auto keys = config.running_keys();
  return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
    return is_drive_slot(key) && Drive::parse(*config.find_running(key)).volume() == volume;
  });
}

schema::Result<ConfigGoal> goal_of(const core::Context& context,
                                   const schema::ResourceSchema& schema,
                                   const schema::ResourceAddress& address, const Value& after,
                                   const std::string& node) {
  ConfigGoal goal;
  goal.schema = &schema.object;
  goal.after = after;
  goal.bridges = bridges_of(context, after, node);
  goal.storage = usual_storage(after);
  for (const auto& [name, disk] : disks_of(after)) {
    auto image = text_of(disk, "image");
    if (image.empty() && name == "os") image = text_of(after, "image");
    if (image.empty()) continue;
    const auto* row = row_on_node(context, "image", image, node);
    if (row == nullptr) {
      auto diagnostic = schema::error(
          "The image is not in the state",
          fmt::format("{} needs image.{} on {}, which the state does not hold there. Plan again.",
                      address.text(), image, node));
      diagnostic.address = address;
      return std::unexpected(std::move(diagnostic));
    }
    goal.imports.emplace(name, text_of(row->identity, "volid"));
  }
  return goal;
}

schema::Result<ConfigGoal> goal_of_living(const core::Context& context,
                                          const schema::ResourceSchema& schema,
                                          const model::Row& row, const Value& arguments,
                                          const Guest& guest) {
  auto goal = goal_of(context, schema, row.address, argument(arguments, "after"), guest.node);
  if (!goal) return goal;
  goal->owned = row.owned;
  goal->live = guest.config;
  goal->names = PartNames::of(guest.config, &row);
  goal->reset = unfinished_of(arguments, "reset");
  goal->removed = unfinished_of(arguments, "removed");
  goal->detached = known_volumes(row, guest.config);
  const auto nonce = row.nonce.empty() ? context.nonce() : row.nonce;
  if (!nonce.empty())
    goal->marker = Marker{context.topology(), row.address.text(), guest.vmid, nonce};
  if (goal->storage.empty()) {
    for (const auto& [name, slot] : goal->names.disks())
      goal->storage = Drive::parse(guest.config.text(slot)).storage();
  }
  return goal;
}

bool changes_password(const Value& owned, const Value& after) {
  const auto path = Path::parse("cloud_init.password");
  const auto* wanted = after.find(path);
  if (wanted == nullptr || wanted->is_null()) return false;
  const auto* written = owned.find(path);
  return written == nullptr || *written != *wanted;
}

}  // namespace pveplan::pve
