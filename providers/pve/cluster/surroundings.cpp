#include "providers/pve/cluster/surroundings.hpp"

#include "providers/async/task_group.hpp"
#include "providers/pve/client/encoding.hpp"
#include "providers/pve/cluster/backups.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/guest_codec/marker.hpp"
#include "providers/pve/guest_codec/slots.hpp"
#include "schema/network.hpp"

#include <fmt/format.h>

namespace pveplan::pve {
namespace {

using core::Surroundings;
using schema::Value;

/// `virtio=BC:24:…,bridge=vmbr0` of a VM, `name=eth0,hwaddr=BC:24:…,ip=10.0.0.5/24` of a container:
/// whatever looks like a MAC or an address is one.
void note_values(const std::string& text, Surroundings& around) {
  for (std::size_t start = 0; start < text.size();) {
    const auto comma = std::min(text.find(',', start), text.size());
    const auto part = text.substr(start, comma - start);
    const auto value = part.substr(part.find('=') + 1);
    if (const auto mac = schema::canonical_mac(value)) around.macs.insert(*mac);
    if (const auto prefix = schema::parse_ipv4_prefix(value))
      around.addresses.insert(prefix->address.text());
    start = comma + 1;
  }
}

void note_guest(const Value& config, Surroundings& around) {
  if (!config.has_fields()) return;
  for (const auto& [key, value] : config.as_fields()) {
    if (is_nic_slot(key) || key.starts_with("ipconfig")) note_values(as_text(&value), around);
  }
}

void note_list(const Value& data, const std::string& field, std::set<std::string>& names) {
  if (data.kind() != Value::Kind::list) return;
  for (const auto& entry : data.as_list()) names.insert(text_of(entry, field));
}

void note_volumes(const Value& data, Surroundings& around) {
  if (data.kind() != Value::Kind::list) return;
  for (const auto& entry : data.as_list()) {
    if (const auto vmid = integer_of(entry, "vmid"); vmid > 0)
      around.vmids_with_volumes.insert(vmid);
  }
}

void note_marker(const Value& config, std::int64_t vmid, const std::string& node,
                 Surroundings& around) {
  auto described = split_description(text_of(config, "description"));
  if (!described.marker) return;
  core::GuestMarker found;
  found.guest = vmid;
  found.node = node;
  found.topology = std::move(described.marker->topology);
  found.address = std::move(described.marker->address);
  found.nonce = std::move(described.marker->nonce);
  found.vmid = described.marker->vmid;
  around.markers.push_back(std::move(found));
}

/// What one call is for.
struct Question {
  enum class Kind { guest, volumes, bridges } kind = Kind::guest;
  std::string path;
  core::Parameters query;
  std::string node;
  std::int64_t vmid = 0;
};

bool is_online(const model::ClusterFacts& cluster, const std::string& name) {
  const auto* node = cluster.node(name);
  return node != nullptr && node->online;
}

std::vector<Question> questions(const model::ClusterFacts& cluster,
                                const core::SurroundingsRequest& request) {
  std::vector<Question> result;
  for (const auto& guest : cluster.guests) {
    if (!request.guests || request.unread_guests.contains(guest.vmid)) continue;
    if (!is_online(cluster, guest.node)) continue;
    result.push_back({Question::Kind::guest,
                      fmt::format("/nodes/{}/{}/{}/config", percent_encode(guest.node),
                                  guest.container ? "lxc" : "qemu", guest.vmid),
                      {},
                      guest.node,
                      guest.vmid});
  }
  std::set<std::string> shared;
  for (const auto& storage : cluster.storages) {
    if (!request.volumes || !storage.available || !is_online(cluster, storage.node)) continue;
    if (storage.shared && !shared.insert(storage.storage).second) continue;
    result.push_back({Question::Kind::volumes,
                      fmt::format("/nodes/{}/storage/{}/content", percent_encode(storage.node),
                                  percent_encode(storage.storage)),
                      {},
                      storage.node});
  }
  for (const auto& node : request.bridges_of) {
    if (!is_online(cluster, node)) continue;
    core::Parameters query;
    query.emplace_back("type", "any_bridge");
    result.push_back({Question::Kind::bridges,
                      fmt::format("/nodes/{}/network", percent_encode(node)), std::move(query),
                      node});
  }
  return result;
}

async::Task<core::ApiResult> ask(core::Api* api, std::string path, core::Parameters query) {
  auto answer = co_await api->get(std::move(path), std::move(query));
  co_return answer;
}

void note_answer(const Question& question, const core::ApiResult& answer, Surroundings& around) {
  if (question.kind == Question::Kind::guest) {
    ++(answer ? around.guests_seen : around.guests_unreadable);
    if (!answer) return;
    note_guest(answer->data, around);
    note_marker(answer->data, question.vmid, question.node, around);
  } else if (answer && question.kind == Question::Kind::volumes) {
    note_volumes(answer->data, around);
  } else if (answer) {
    note_list(answer->data, "iface", around.bridges[question.node]);
  }
}

}  // namespace

async::Task<schema::Result<Surroundings>> read_surroundings(core::Api& api,
                                                            model::ClusterFacts cluster,
                                                            core::SurroundingsRequest request) {
  Surroundings around;
  const auto asked = questions(cluster, request);
  around.reads = asked.size();
  async::TaskGroup<core::ApiResult> group;
  for (std::size_t i = 0; i < asked.size(); ++i)
    group.start(i, ask(&api, asked[i].path, asked[i].query));
  while (!group.empty()) {
    auto finished = co_await group.next();
    note_answer(asked[finished.id], finished.value, around);
  }
  co_return around;
}

namespace {

/// "current" stands for the guest as it is now and is no snapshot (FACTS 21.1).
void take_snapshots(const core::ApiResult& answer, model::GuestFacts& guest) {
  guest.snapshots.reset();
  guest.snapshots_hidden.clear();
  if (!answer) {
    guest.snapshots_hidden = answer.error().words();
    return;
  }
  std::vector<model::SnapshotFacts> snapshots;
  if (answer->data.kind() == Value::Kind::list) {
    for (const auto& each : answer->data.as_list()) {
      if (text_of(each, "name") != "current")
        snapshots.push_back({text_of(each, "name"), integer_of(each, "snaptime")});
    }
  }
  std::sort(snapshots.begin(), snapshots.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  guest.snapshots = std::move(snapshots);
}

}  // namespace

async::Task<model::ClusterFacts> look_closely(core::Api& api, model::ClusterFacts cluster,
                                              core::CloseLook look) {
  async::TaskGroup<core::ApiResult> states, snapshots;
  for (std::size_t i = 0; i < cluster.guests.size(); ++i) {
    const auto& guest = cluster.guests[i];
    if (guest.container || !is_online(cluster, guest.node)) continue;
    const auto path = fmt::format("/nodes/{}/qemu/{}", percent_encode(guest.node), guest.vmid);
    if (look.run_states.contains(guest.vmid))
      states.start(i, ask(&api, path + "/status/current", core::Parameters()));
    if (look.snapshots.contains(guest.vmid))
      snapshots.start(i, ask(&api, path + "/snapshot", core::Parameters()));
  }
  while (!states.empty()) {
    auto finished = co_await states.next();
    if (!finished.value) continue;
    auto& guest = cluster.guests[finished.id];
    guest.status = text_of(finished.value->data, "status");
    guest.uptime = integer_of(finished.value->data, "uptime");
  }
  while (!snapshots.empty()) {
    auto finished = co_await snapshots.next();
    take_snapshots(finished.value, cluster.guests[finished.id]);
  }
  if (!look.backups.empty()) co_await look_for_backups(api, &cluster, look.backups);
  co_return cluster;
}

}  // namespace pveplan::pve
