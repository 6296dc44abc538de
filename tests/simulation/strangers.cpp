#include "tests/simulation/strangers.hpp"

#include "lab/world/archive.hpp"
#include "lab/world/volumes.hpp"
#include "schema/json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::sim {
namespace {

std::string field(const std::string& text, std::size_t which) {
  std::size_t begin = 0;
  for (; which > 0; --which) begin = text.find(':', begin) + 1;
  return text.substr(begin, text.find(':', begin) - begin);
}

std::string option(const lab::Guest& guest, const std::string& name) {
  const auto found = guest.options.find(name);
  return found == guest.options.end() ? std::string() : found->second;
}

std::string drawn_uuid(SimRandom& draws) {
  return fmt::format("{:08x}-0000-4000-8000-{:012x}", draws.next() & 0xffffffff,
                     draws.next() & 0xffffffffffff);
}

}  // namespace

std::map<std::string, int> marked_guests(const Rig& rig) {
  std::map<std::string, int> result;
  for (const auto& [vmid, guest] : rig.lab.world().guests) {
    const auto text = option(guest, "description");
    const auto begin = text.find("pveplan:t:");
    if (begin == std::string::npos) continue;
    const auto marker = text.substr(begin);
    if (field(marker, 3) == std::to_string(vmid)) result[field(marker, 2)] = vmid;
  }
  return result;
}

Strangers::Strangers(Rig& rig, SimRandom& draws) : rig_(rig), draws_(draws) {
  watch(make_guest(203, any_node()));
  watch(make_guest(next_vmid_++, any_node()));
}

std::string Strangers::any_node() {
  const auto& nodes = rig_.lab.world().nodes;
  auto at = nodes.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(draws_.below(nodes.size())));
  return at->first;
}

int Strangers::make_guest(int vmid, const std::string& node) {
  rig_.ask("POST", "/nodes/" + node + "/qemu",
           fmt::format("vmid={}&name=theirs-{}&cores=2&memory=512&scsi0=local-lvm%3A2&"
                       "net0=virtio%2Cbridge%3Dvmbr0&description=by+hand",
                       vmid, vmid));
  return vmid;
}

/// From now on nobody may touch it: if it came to be, in spite of the faults.
void Strangers::watch(int vmid) {
  const auto found = rig_.lab.world().guests.find(vmid);
  if (found != rig_.lab.world().guests.end() && option(found->second, "description") == "by hand")
    guests_[vmid] = seen(vmid);
}

std::string Strangers::seen(int vmid) const {
  const auto& world = rig_.lab.world();
  const auto found = world.guests.find(vmid);
  if (found == world.guests.end()) return "gone";
  auto guest = found->second;
  guest.news.reset();
  guest.file_locks.clear();
  auto text = schema::to_json(lab::to_value(guest));
  for (const auto& [storage, places] : world.storage.volumes) {
    for (const auto& [node, volumes] : places) {
      for (const auto& [name, volume] : volumes) {
        if (volume.guest == vmid) text += "\n" + storage + name + schema::to_json(to_value(volume));
      }
    }
  }
  for (const auto& [id, pool] : world.access.pools) {
    if (pool.guests.contains(vmid)) text += "\npool " + id;
  }
  return text;
}

std::string Strangers::damage() const {
  for (const auto& [vmid, before] : guests_) {
    const auto now = seen(vmid);
    if (now != before) return fmt::format("{} was\n{}\nand is\n{}", vmid, before, now);
  }
  return {};
}

std::string Strangers::deeds() const {
  std::string result;
  for (const auto& deed : deeds_) result += deed + "\n";
  return result;
}

void Strangers::meddle() {
  rig_.let_time_pass(std::chrono::minutes(2));
  switch (draws_.below(8)) {
    case 0:
      return join_pool();
    case 1:
      return remove_pool();
    case 2:
      return fill_storage();
    case 3:
      return switch_node_off();
    default:
      break;
  }
  const auto ours = marked_guests(rig_);
  if (ours.empty()) return;
  auto at = ours.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(draws_.below(ours.size())));
  if (!at->first.starts_with("vm.")) return;
  using Deed = void (Strangers::*)(const std::string&, int);
  constexpr Deed kDeeds[] = {&Strangers::edit_option,   &Strangers::delete_guest,
                             &Strangers::move_guest,    &Strangers::lock_guest,
                             &Strangers::restore_guest, &Strangers::take_number,
                             &Strangers::add_part,      &Strangers::switch_power};
  (this->*kDeeds[draws_.below(std::size(kDeeds))])(at->first, at->second);
}

void Strangers::meddle_meanwhile() {
  const auto node = any_node();
  if (!rig_.lab.world().nodes.at(node).online) return;
  const int vmid = draws_.one_in(2) ? 200 + static_cast<int>(draws_.below(8)) : next_vmid_++;
  if (rig_.lab.world().guests.contains(vmid)) return;
  note(fmt::format("meanwhile somebody makes {}", vmid));
  make_guest(vmid, node);
  watch(vmid);
}

bool Strangers::cure(const std::string& told) {
  if (contains(told, "still holds")) {
    empty_pools();
    return true;
  }
  for (auto at = obstacles_.begin(); at != obstacles_.end(); ++at) {
    const bool named = std::any_of(at->words.begin(), at->words.end(),
                                   [&](const auto& word) { return contains(told, word); });
    if (!named) continue;
    const auto remedy = std::move(at->cure);
    obstacles_.erase(at);
    remedy();
    return true;
  }
  return false;
}

void Strangers::edit_option(const std::string& address, int vmid) {
  static const std::vector<std::string> kForms = {
      "cores=3",      "memory=768",  "description=mine+now", "tags=theirs",
      "onboot=1",     "delete=tags", "delete=description",   "name=renamed",
      "delete=scsi7", "ciuser=them", "delete=net3",          "scsihw=virtio-scsi-pci",
  };
  const auto& form = kForms[draws_.below(kForms.size())];
  const auto node = rig_.lab.world().guests.at(vmid).node;
  const int status = rig_.ask("PUT", fmt::format("/nodes/{}/qemu/{}/config", node, vmid), form);
  note(fmt::format("{} ({}) is edited: {} ({})", address, vmid, form, status));
}

void Strangers::switch_power(const std::string& address, int vmid) {
  const auto& guest = rig_.lab.world().guests.at(vmid);
  const std::string verb = guest.running() ? "stop" : "start";
  rig_.ask("POST", fmt::format("/nodes/{}/qemu/{}/status/{}", guest.node, vmid, verb));
  note(fmt::format("{} ({}): {}", address, vmid, verb));
}

void Strangers::delete_guest(const std::string& address, int vmid) {
  const auto path = fmt::format("/nodes/{}/qemu/{}", rig_.lab.world().guests.at(vmid).node, vmid);
  rig_.ask("POST", path + "/status/stop");
  rig_.ask("DELETE", path);
  if (!rig_.lab.world().guests.contains(vmid)) hurt_.insert(address);
  note(fmt::format("{} ({}) is deleted", address, vmid));
}

/// With its local disks, as a migration does; only where nothing refers to them.
void Strangers::move_guest(const std::string& address, int vmid) {
  auto& world = rig_.lab.world();
  auto& guest = world.guests.at(vmid);
  const auto target = any_node();
  if (target == guest.node) return;
  auto& local = world.storage.volumes["local-lvm"];
  const bool linked =
      std::any_of(local[guest.node].begin(), local[guest.node].end(), [vmid](const auto& entry) {
        return entry.second.guest == vmid && !entry.second.parent.empty();
      });
  if (linked) return;
  for (auto& [storage, places] : world.storage.volumes) {
    if (storage == "nfs1") continue;
    auto& from = places[guest.node];
    for (auto at = from.begin(); at != from.end();) {
      at = at->second.guest == vmid ? (places[target].insert(from.extract(at++)), at) : ++at;
    }
  }
  guest.node = target;
  note(fmt::format("{} ({}) moves to {}", address, vmid, target));
}

void Strangers::lock_guest(const std::string& address, int vmid) {
  rig_.lab.world().guests.at(vmid).options["lock"] = "backup";
  note(fmt::format("{} ({}) is locked", address, vmid));
  obstacles_.push_back({{"locked (backup)", "is locked"}, [this, vmid] {
                          const auto found = rig_.lab.world().guests.find(vmid);
                          if (found != rig_.lab.world().guests.end())
                            found->second.options.erase("lock");
                        }});
}

/// A restore frees every volume of the guest that it takes the place of; those that wait to be
/// plugged in are not made again.
void Strangers::free_pending_volumes(int vmid) {
  auto& world = rig_.lab.world();
  const auto& guest = world.guests.at(vmid);
  for (const auto& [name, value] : guest.pending) {
    const auto volid = value.substr(0, value.find(','));
    const auto names_it = [&volid](const auto& option) {
      return option.second.substr(0, option.second.find(',')) == volid;
    };
    if (std::any_of(guest.options.begin(), guest.options.end(), names_it)) continue;
    const auto colon = volid.find(':');
    if (colon == std::string::npos) continue;
    for (auto& [node, volumes] : world.storage.volumes[volid.substr(0, colon)])
      volumes.erase(volid.substr(colon + 1));
  }
}

/// Under its number, from a backup: the config is the old one, and the machine is a new one.
void Strangers::restore_guest(const std::string& address, int vmid) {
  auto& guest = rig_.lab.world().guests.at(vmid);
  guest.options["smbios1"] = "uuid=" + drawn_uuid(draws_);
  guest.options["vmgenid"] = drawn_uuid(draws_);
  guest.process.reset();
  free_pending_volumes(vmid);
  guest.pending.clear();
  guest.pending_deletes.clear();
  hurt_.insert(address);
  note(fmt::format("{} ({}) is restored from a backup", address, vmid));
  obstacles_.push_back(
      {{"another guest now"}, [this, address, vmid] {
         if (owns(vmid)) return;  // somebody took the number since

         const auto accepted = rig_.run({"state", "accept", address, "--auto-approve"});
         // Without a block it is not wanted back: then both go, as told.
         if (accepted.exit_code == 0) return;
         rig_.run({"state", "rm", address});
         delete_guest(address, vmid);
       }});
}

void Strangers::take_number(const std::string& address, int vmid) {
  const auto node = rig_.lab.world().guests.at(vmid).node;
  delete_guest(address, vmid);
  if (rig_.lab.world().guests.contains(vmid)) return;
  watch(make_guest(vmid, node));
  note(fmt::format("{} ({}) is somebody else's now", address, vmid));
  obstacles_.push_back({{"another guest now", "taken by another guest"}, [this, vmid] {
                          const auto place = rig_.lab.world().guests.at(vmid).node;
                          rig_.ask("DELETE", fmt::format("/nodes/{}/qemu/{}", place, vmid));
                          guests_.erase(vmid);
                        }});
}

void Strangers::add_part(const std::string& address, int vmid) {
  const auto path = fmt::format("/nodes/{}/qemu/{}", rig_.lab.world().guests.at(vmid).node, vmid);
  switch (draws_.below(3)) {
    case 0:
      rig_.ask("PUT", path + "/config", "scsi11=local-lvm%3A1");
      break;
    case 1:
      rig_.ask("PUT", path + "/config", "net7=virtio%2Cbridge%3Dvmbr0");
      break;
    default:
      rig_.ask("POST", path + "/snapshot", "snapname=monday");
      obstacles_.push_back({{"snapshot"}, [this, vmid] {
                              const auto found = rig_.lab.world().guests.find(vmid);
                              if (found == rig_.lab.world().guests.end()) return;
                              rig_.ask("DELETE", fmt::format("/nodes/{}/qemu/{}/snapshot/monday",
                                                             found->second.node, vmid));
                            }});
  }
  note(fmt::format("{} ({}) gets a part or a snapshot", address, vmid));
}

void Strangers::join_pool() {
  auto& pools = rig_.lab.world().access.pools;
  if (pools.empty() || guests_.empty()) return;
  const auto id = pools.begin()->first;
  const auto vmid = guests_.begin()->first;
  if (std::any_of(pools.begin(), pools.end(),
                  [vmid](const auto& pool) { return pool.second.guests.contains(vmid); }))
    return;
  pools.begin()->second.guests.insert(vmid);
  watch(vmid);
  note(fmt::format("{} joins the pool {}", vmid, id));
}

/// As the message asks: a pool is deleted only when nobody is in it, be it a guest of ours whose
/// block no longer names the pool.
void Strangers::empty_pools() {
  for (auto& [id, pool] : rig_.lab.world().access.pools) pool.guests.clear();
  for (auto& [vmid, before] : guests_) before = seen(vmid);
}

void Strangers::remove_pool() {
  auto& pools = rig_.lab.world().access.pools;
  if (pools.empty()) return;
  const auto id = pools.begin()->first;
  const bool foreign = std::any_of(guests_.begin(), guests_.end(), [&](const auto& guest) {
    return pools.begin()->second.guests.contains(guest.first);
  });
  if (foreign) return;
  pools.erase(pools.begin());
  note(fmt::format("the pool {} is deleted", id));
}

void Strangers::fill_storage() {
  auto& spaces = rig_.lab.world().storage.spaces.at("local-lvm");
  const auto node = any_node();
  const auto before = spaces.at(node).used_by_others;
  spaces.at(node).used_by_others = spaces.at(node).total;
  note(fmt::format("local-lvm on {} is full", node));
  obstacles_.push_back(
      {{"no space", "not enough", "full", "free space", "insufficient", "lvcreate"},
       [this, node, before] {
         rig_.lab.world().storage.spaces.at("local-lvm").at(node).used_by_others = before;
       }});
}

void Strangers::switch_node_off() {
  auto& nodes = rig_.lab.world().nodes;
  if (nodes.size() < 3) return;
  const auto node = nodes.rbegin()->first;
  nodes.at(node).online = false;
  note(fmt::format("{} is switched off", node));
  obstacles_.push_back({{"offline", "No route to host", "no connection", "cannot be read"},
                        [this, node] { rig_.lab.world().nodes.at(node).online = true; }});
}

}  // namespace pveplan::sim
