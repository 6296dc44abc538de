#include "providers/pve/cluster/backups.hpp"

#include "providers/async/task_group.hpp"
#include "providers/pve/client/encoding.hpp"
#include "providers/pve/coerce.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace pveplan::pve {
namespace {

using model::BackupFacts;
using schema::Value;

/// A place where backups may lie: a shared storage once, a local one for each node.
struct BackupPlace {
  std::string node, storage;
  bool shared = false;
  bool available = false;
  std::string text() const { return shared ? storage : fmt::format("{} ({})", storage, node); }
};

std::vector<BackupPlace> places_of(const model::ClusterFacts& cluster) {
  std::vector<BackupPlace> places;
  std::map<std::string, std::size_t> shared;
  for (const auto& each : cluster.storages) {
    const auto& content = each.content;
    if (std::find(content.begin(), content.end(), "backup") == content.end()) continue;
    const auto* node = cluster.node(each.node);
    const bool available = each.available && node != nullptr && node->online;
    BackupPlace place{each.node, each.storage, each.shared, available};
    const auto [at, added] = shared.try_emplace(each.shared ? each.storage : "", places.size());
    if (added || !each.shared) {
      places.push_back(std::move(place));
    } else if (available && !places[at->second].available) {
      places[at->second] = std::move(place);
    }
  }
  return places;
}

/// Where more than one guest is asked about, one listing of all is less work than one of each.
async::Task<core::ApiResult> list_backups(core::Api* api, std::string node, std::string storage,
                                          std::int64_t only) {
  core::Parameters query;
  query.emplace_back("content", "backup");
  if (only > 0) query.emplace_back("vmid", std::to_string(only));
  auto answer = co_await api->get(
      fmt::format("/nodes/{}/storage/{}/content", percent_encode(node), percent_encode(storage)),
      std::move(query));
  co_return answer;
}

/// The caller's rights on a path, as an object; null when nobody tells.
async::Task<Value> rights_on(core::Api* api, std::string path) {
  core::Parameters query;
  query.emplace_back("path", path);
  auto answer = co_await api->get("/access/permissions", std::move(query));
  if (!answer) co_return Value();
  const auto* held = member(answer->data, path.c_str());
  co_return held == nullptr ? Value::map({}) : *held;
}

class BackupSearch {
 public:
  BackupSearch(core::Api& api, model::ClusterFacts& cluster, std::set<std::int64_t> vmids)
      : api_(api), cluster_(cluster), vmids_(std::move(vmids)), places_(places_of(cluster)) {
    for (const auto vmid : vmids_) found_[vmid];
  }

  async::Task<void> run() {
    co_await list_all();
    for (const auto& each : empty_) co_await explain(each.first, &each.second);
    for (auto& guest : cluster_.guests) {
      const auto at = found_.find(guest.vmid);
      if (at != found_.end()) guest.backups = finished(at->second);
    }
  }

 private:
  async::Task<void> list_all() {
    const auto only = vmids_.size() == 1 ? *vmids_.begin() : 0;
    async::TaskGroup<core::ApiResult> listings;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const auto& place = places_[i];
      if (place.available) {
        listings.start(i, list_backups(&api_, place.node, place.storage, only));
      } else {
        hide_from_all(fmt::format("{} is not available", place.text()));
      }
    }
    while (!listings.empty()) {
      auto finished = co_await listings.next();
      take(places_[finished.id], finished.value);
    }
  }

  void take(const BackupPlace& place, const core::ApiResult& answer) {
    if (!answer) {
      hide_from_all(fmt::format("{} cannot be listed: {}", place.text(), answer.error().words()));
      return;
    }
    std::set<std::int64_t> seen;
    if (answer->data.kind() == Value::Kind::list) {
      for (const auto& entry : answer->data.as_list()) {
        const auto vmid = integer_of(entry, "vmid");
        if (text_of(entry, "content") != "backup" || !vmids_.contains(vmid)) continue;
        seen.insert(vmid);
        note(place, entry, found_[vmid]);
      }
    }
    for (const auto vmid : vmids_) {
      found_[vmid].looked_at.push_back(place.text());
      if (!seen.contains(vmid)) empty_[vmid].insert(place.storage);
    }
  }

  /// Answers come in any order: of two of the same second the first by name is told.
  static void note(const BackupPlace& place, const Value& entry, BackupFacts& facts) {
    const auto taken_at = integer_of(entry, "ctime");
    const auto volume = text_of(entry, "volid");
    const bool better = facts.volume.empty() || taken_at > facts.taken_at ||
                        (taken_at == facts.taken_at && volume < facts.volume);
    if (!better) return;
    facts.volume = volume;
    facts.storage = place.text();
    facts.taken_at = taken_at;
    const auto* verification = member(entry, "verification");
    facts.verified = verification != nullptr && text_of(*verification, "state") == "ok";
  }

  /// Why a storage may have listed nothing of a guest although something is there.
  async::Task<void> explain(std::int64_t vmid, const std::set<std::string>* storages) {
    const auto guest = fmt::format("/vms/{}", vmid);
    auto on_guest = co_await rights_on(&api_, guest);
    for (const auto& name : *storages) {
      const auto path = "/storage/" + name;
      if (!storage_rights_.contains(name)) {
        auto held = co_await rights_on(&api_, path);
        storage_rights_.emplace(name, std::move(held));
      }
      const auto& on_storage = storage_rights_.at(name);
      auto& hidden = found_[vmid].hidden;
      if (on_guest.is_null() || on_storage.is_null()) {
        hidden.push_back("the server does not tell the token's rights on " + path);
      } else if (member(on_storage, "Datastore.Allocate") != nullptr) {
        continue;
      } else if (member(on_storage, "Datastore.AllocateSpace") == nullptr) {
        hidden.push_back("the token lacks Datastore.AllocateSpace on " + path);
      } else if (member(on_guest, "VM.Backup") == nullptr) {
        hidden.push_back("the token lacks VM.Backup on " + guest);
      }
    }
  }

  void hide_from_all(const std::string& why) {
    for (auto& [vmid, facts] : found_) facts.hidden.push_back(why);
  }

  BackupFacts finished(BackupFacts facts) const {
    if (places_.empty()) facts.hidden.push_back("the token sees no storage that holds backups");
    for (auto* list : {&facts.looked_at, &facts.hidden}) {
      std::sort(list->begin(), list->end());
      list->erase(std::unique(list->begin(), list->end()), list->end());
    }
    return facts;
  }

  core::Api& api_;
  model::ClusterFacts& cluster_;
  std::set<std::int64_t> vmids_;
  std::vector<BackupPlace> places_;
  std::map<std::int64_t, BackupFacts> found_;
  std::map<std::int64_t, std::set<std::string>> empty_;  ///< storages that listed nothing of it
  std::map<std::string, Value> storage_rights_;
};

}  // namespace

async::Task<void> look_for_backups(core::Api& api, model::ClusterFacts* cluster,
                                   std::set<std::int64_t> vmids) {
  BackupSearch search(api, *cluster, std::move(vmids));
  co_await search.run();
}

}  // namespace pveplan::pve
