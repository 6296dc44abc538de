// The list of containers on a node, and what is not simulated yet.

#include "lab/api/areas.hpp"
#include "lab/api/resources.hpp"
#include "lab/core/call.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

Value::List guests_on(const Call& call, GuestKind kind) {
  Value::List list;
  for (const auto& [vmid, guest] : call.world.guests) {
    if (guest.kind != kind || guest.node != call.node) continue;
    if (call.may(fmt::format("/vms/{}", vmid), "VM.Audit")) {
      list.push_back(guest_resource(call.world, vmid, guest));
    }
  }
  return list;
}

Reply list_containers(Call& call) { return Value::list(guests_on(call, GuestKind::lxc)); }

/// High availability is not simulated yet: there are no resources.
Reply list_ha_resources(Call&) { return Value::list({}); }

}  // namespace

void add_guest_list_calls(ApiTable& api) {
  api.get("/nodes/{node}/lxc", list_containers).allowed(everyone()).privileged().on_node();
  api.get("/cluster/ha/resources", list_ha_resources)
      .allowed(needs("/", {"Sys.Audit"}))
      .takes({text("type").one_of({"ct", "vm"}).optional()})
      .known(Knowledge::assumed);
}

}  // namespace pveplan::lab
