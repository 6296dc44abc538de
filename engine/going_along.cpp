#include "engine/going_along.hpp"

#include <algorithm>

namespace pveplan::engine {

using model::Action;
using model::Backup;
using model::Change;
using schema::Value;

namespace {

bool is_set(const Value* flag) { return flag != nullptr && *flag == Value::boolean(true); }

/// "disk.os" of "disk.os (local-lvm)".
std::string name_of_volume(const std::string& label) { return label.substr(0, label.find(" (")); }

const Value* volume_called(const model::LiveFacts& facts, const std::string& name) {
  const Value* volumes = facts.find("volumes");
  if (volumes == nullptr || volumes->kind() != Value::Kind::list) return nullptr;
  const auto& all = volumes->as_list();
  const auto at = std::find_if(all.begin(), all.end(), [&name](const Value& each) {
    const Value* label = each.find("label");
    return label != nullptr && label->is_string() && name_of_volume(label->as_string()) == name;
  });
  return at == all.end() ? nullptr : &*at;
}

std::int64_t vmid_of(const Change& change) {
  const Value* vmid = change.living_identity().find("vmid");
  return vmid != nullptr && vmid->kind() == Value::Kind::integer ? vmid->as_integer() : 0;
}

/// Backups hold what is attached and not excluded (the guest's settings as they are today).
void compare_with_losses(const Change& change, Backup& backup) {
  for (const auto& effect : change.effects.data) {
    if (effect.kind != model::DataEffect::Kind::loss) continue;
    const auto name = name_of_volume(effect.volume);
    const auto* volume = volume_called(change.facts, name);
    const auto* backed_up = volume == nullptr ? nullptr : volume->find("backup");
    if (name.starts_with("unused")) {
      backup.leaves_out.push_back(name + " (not attached)");
    } else if (backed_up != nullptr && *backed_up == Value::boolean(false)) {
      backup.leaves_out.push_back(name + " (excluded: backup = false)");
    } else {
      backup.covers.push_back(name);
    }
  }
}

}  // namespace

void describe_going_along(Change& change, const model::ClusterFacts& cluster) {
  if (change.removes() && is_set(change.facts.find("ha")))
    change.also.emplace_back(
        "removes the HA resource, and with it the guest's replication and its place in backup "
        "jobs");
  const auto vmid = vmid_of(change);
  if (!change.effects.loses_data() || vmid == 0) return;
  Backup backup;
  const auto* guest = cluster.guest(vmid);
  if (guest != nullptr && guest->backups) {
    backup.seen = *guest->backups;
  } else {
    backup.seen.hidden.emplace_back("nobody has looked");
  }
  compare_with_losses(change, backup);
  change.backup = std::move(backup);
}

}  // namespace pveplan::engine
