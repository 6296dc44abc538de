#include "providers/pve/guest/guest_access.hpp"

#include "providers/pve/client/encoding.hpp"
#include "providers/pve/cluster/cluster.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/property_string.hpp"
#include "providers/pve/settle/settle.hpp"

#include <fmt/format.h>

namespace pveplan::pve {

using core::ApiFailure;
using schema::Value;

std::string Guest::uuid() const {
  return PropertyString::parse(config.text("smbios1"), plain_format()).text("uuid");
}

std::optional<Marker> Guest::marker() const {
  return split_description(config.text("description")).marker;
}

std::string guest_path(const std::string& node, std::int64_t vmid, const std::string& rest) {
  return fmt::format("/nodes/{}/qemu/{}{}", percent_encode(node), vmid, rest);
}

async::Task<GuestLook> look_at_guest(core::Context context, std::string node, std::int64_t vmid) {
  using Found = GuestLook::Found;
  GuestLook look;
  auto pending = co_await context.read(guest_path(node, vmid, "/pending"));
  look.server_time = server_time_of(pending);
  if (pending) {
    look.found = Found::here;
    look.guest.vmid = vmid;
    look.guest.node = node;
    look.guest.config = GuestConfig::from_pending(pending->data);
    look.guest.server_time = pending->server_time;
    co_return look;
  }
  if (pending.error().failure != ApiFailure::absent) {
    look.reason = still_open(pending.error()).reason;
    co_return look;
  }
  core::Parameters query;
  query.emplace_back("vmid", std::to_string(vmid));
  auto next = co_await context.read("/cluster/nextid", query);
  const auto free = vmid_is_free_from(next);
  if (!free) {
    look.reason = free.error().detail;
  } else if (!*free) {
    look.found = Found::elsewhere;
    look.reason =
        fmt::format("{} is taken by another guest, or by one on another node than {}", vmid, node);
  } else if (!context.cluster().quorate) {
    look.reason = "the cluster has no quorum";
  } else {
    look.found = Found::absent;
  }
  co_return look;
}

std::string node_of(const core::Context& context, const model::Identity& identity) {
  const auto* listed = context.cluster().guest(integer_of(identity, "vmid"));
  return listed != nullptr && !listed->node.empty() ? listed->node : text_of(identity, "node");
}

std::string not_ours(const Guest& guest, const model::Identity& identity,
                     const std::string& nonce) {
  const auto marker = guest.marker();
  const auto uuid = text_of(identity, "uuid");
  if (marker && marker->vmid != guest.vmid)
    return fmt::format("{} is a copy of {}: its marker says so", guest.vmid, marker->vmid);
  if (!uuid.empty()) {
    if (guest.uuid() == uuid) return {};
    return fmt::format("{} is another guest now: its smbios uuid is {}, not {}", guest.vmid,
                       guest.uuid(), uuid);
  }
  if (marker && !nonce.empty() && marker->nonce == nonce) return {};
  return fmt::format("{} was not made by this topology", guest.vmid);
}

async::Task<schema::Result<Guest>> load_ours(core::Context context, const model::Row* held) {
  if (held == nullptr) {
    co_return std::unexpected(
        schema::error("The guest is not in the state",
                      "A step needs a guest that the state does not hold (any "
                      "more). Plan again."));
  }
  const model::Row row = *held;  // the state may move on while we wait
  auto look = co_await look_at_guest(context, node_of(context, row.identity),
                                     integer_of(row.identity, "vmid"));
  auto problem = look.reason;
  if (look.found == GuestLook::Found::absent) problem = "the guest does not exist any more";
  if (look.found == GuestLook::Found::here) problem = not_ours(look.guest, row.identity, row.nonce);
  if (problem.empty()) co_return std::move(look.guest);
  auto diagnostic =
      schema::error("The guest is not as the state knows it",
                    fmt::format("Nothing was written to {}: {}. Plan again to see what there is.",
                                row.address.text(), problem));
  diagnostic.address = row.address;
  co_return std::unexpected(std::move(diagnostic));
}

async::Task<schema::Result<PowerState>> power_state(core::Context context, std::string node,
                                                    std::int64_t vmid) {
  auto answer = co_await context.read(guest_path(node, vmid, "/status/current"));
  if (!answer) co_return std::unexpected(answer.error().diagnostic());
  PowerState state;
  state.running = text_of(answer->data, "status") == "running";
  state.uptime = integer_of(answer->data, "uptime");
  const auto* ha = member(answer->data, "ha");
  state.ha_managed = ha != nullptr && flag_of(*ha, "managed");
  state.server_time = answer->server_time;
  co_return state;
}

}  // namespace pveplan::pve
