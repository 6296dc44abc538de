#include "providers/pve/guest/make_guest.hpp"

#include "providers/pve/coerce.hpp"
#include "providers/pve/guest_codec/nic.hpp"

#include <fmt/format.h>

namespace pveplan::pve {

using core::WriteResult;
using schema::Value;

const model::Row* row_on_node(const core::Context& context, const std::string& type,
                              const std::string& name, const std::string& node) {
  const auto* own = context.row({type, name, "", node});
  return own != nullptr ? own : context.row({type, name, "", std::nullopt});
}

std::string pool_id(const core::Context& context, const std::string& name) {
  if (name.starts_with("live:")) return name.substr(5);
  const auto* row = context.row({"pool", name, "", std::nullopt});
  return row == nullptr ? name : text_of(row->identity, "id");
}

std::map<std::string, std::string> bridges_of(const core::Context& context, const Value& after,
                                              const std::string& node) {
  std::map<std::string, std::string> result;
  const auto* nics = member(after, "nic");
  if (nics == nullptr) return result;
  for (const auto& [name, nic] : by_slot(*nics)) {
    const auto bridge = text_of(nic, "bridge");
    if (bridge.empty()) continue;
    const auto* row = row_on_node(context, "bridge", bridge, node);
    result[bridge] = row == nullptr ? bridge : text_of(row->identity, "iface");
  }
  return result;
}

model::Row row_of_made(model::Row row, const Guest& guest) {
  row.identity = identity_of(guest);
  row.parts = parts_of(row.owned, guest.config, row.parts);
  row.exported = guest_exports(row.owned, row.identity);
  return row;
}

async::Task<schema::Result<model::Outcome>> make_guest(core::Context context, Making making) {
  const auto address = making.row.address;
  const auto vmid = making.place.vmid;
  auto before = co_await look_at_guest(context, making.place.node, vmid);
  if (before.found == GuestLook::Found::unknown)
    co_return std::unexpected(
        schema::error("The node cannot be asked",
                      fmt::format("{} was not made: {}.", address.text(), before.reason)));
  bool made = false;
  if (before.found == GuestLook::Found::absent) {
    core::Write write(making.request);
    write.forks_task = true;
    write.secret_parameters = making.secrets;
    auto result = co_await context.write(std::move(write));
    made = result.status == WriteResult::Status::done;
    if (!made && !met_existing(result)) co_return std::unexpected(diagnostic_of(result, address));
  }
  auto guest = co_await find_made(context, making.place.node, vmid);
  if (!guest && !made)
    co_return std::unexpected(vmid_taken(address, vmid, "a guest on another node"));
  if (!guest) co_return stored(std::move(making.row));
  const auto marker = guest->marker();
  // an attempt whose answer was lost may have made it: then it carries this very nonce
  if (!marker || marker->vmid != vmid || marker->nonce != making.row.nonce)
    co_return std::unexpected(vmid_taken(address, vmid, "another guest"));
  co_return stored(row_of_made(std::move(making.row), *guest));
}

}  // namespace pveplan::pve
