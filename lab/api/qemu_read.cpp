// Reading of virtual machines: config, pending values, status.

#include "lab/api/guest_rows.hpp"
#include "lab/api/qemu_calls.hpp"
#include "lab/api/qemu_config.hpp"
#include "lab/api/qemu_drive.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

/// The config with its pending values merged in.
GuestOptions merged_options(const Guest& guest) {
  GuestOptions options = guest.options;
  for (const auto& [name, destroy] : guest.pending_deletes) options.erase(name);
  for (const auto& [name, value] : guest.pending) options[name] = value;
  return options;
}

void add_parent(const std::string& parent, Value::Fields& fields) {
  if (!parent.empty()) fields.emplace_back("parent", str(parent));
}

Attempt<Value::Fields> snapshot_fields(const Call& call, const Guest& guest,
                                       const std::string& name) {
  const auto found = guest.snapshots.find(name);
  if (found == guest.snapshots.end())
    return fail(fmt::format("snapshot '{}' does not exist", name));
  const GuestSnapshot& snapshot = found->second;
  Value::Fields fields = shown_options(call.major(), snapshot.options);
  fields.emplace_back("snaptime", num(snapshot.taken));
  if (!snapshot.description.empty()) fields.emplace_back("description", str(snapshot.description));
  add_parent(snapshot.parent, fields);
  return fields;
}

Reply read_config(Call& call) {
  const auto guest = find_machine(call);
  if (!guest) return std::unexpected(guest.error());
  Value::Fields fields;
  if (const std::string snapshot = call.parameters.text("snapshot"); !snapshot.empty()) {
    if (call.parameters.flag("current"))
      return bad_parameter("snapshot", "cannot use 'snapshot' parameter with 'current'");
    auto section = snapshot_fields(call, **guest, snapshot);
    if (!section) return std::unexpected(section.error());
    fields = std::move(*section);
  } else {
    const bool current = call.parameters.flag("current");
    fields = shown_options(call.major(), current ? (*guest)->options : merged_options(**guest));
    add_parent((*guest)->parent_snapshot, fields);
  }
  fields.emplace_back("digest", str(guest_digest(**guest)));
  return Value::map(std::move(fields));
}

Reply read_snapshot_config(Call& call) {
  const auto guest = find_machine(call);
  if (!guest) return std::unexpected(guest.error());
  auto fields = snapshot_fields(call, **guest, call.parameters.text("snapname"));
  if (!fields) return std::unexpected(fields.error());
  return Value::map(std::move(*fields));
}

Reply read_pending(Call& call) {
  const auto found = find_machine(call);
  if (!found) return std::unexpected(found.error());
  const Guest& guest = **found;
  GuestOptions names = guest.options;
  names.insert(guest.pending.begin(), guest.pending.end());
  Value::List rows;
  for (const auto& [name, unused] : names) {
    Value::Fields row{{"key", str(name)}};
    if (const auto current = guest.options.find(name); current != guest.options.end())
      row.emplace_back("value", shown_option(call.major(), name, current->second));
    if (const auto pending = guest.pending.find(name); pending != guest.pending.end())
      row.emplace_back("pending", shown_option(call.major(), name, pending->second));
    if (const auto dropped = guest.pending_deletes.find(name);
        dropped != guest.pending_deletes.end())
      row.emplace_back("delete", num(dropped->second ? 2 : 1));
    rows.push_back(Value::map(std::move(row)));
  }
  if (!guest.parent_snapshot.empty())
    rows.push_back(Value::map({{"key", str("parent")}, {"value", str(guest.parent_snapshot)}}));
  rows.push_back(Value::map({{"key", str("digest")}, {"value", str(guest_digest(guest))}}));
  return Value::list(std::move(rows));
}

Reply read_status(Call& call) {
  const auto guest = find_machine(call);
  if (!guest) return std::unexpected(guest.error());
  const int vmid = static_cast<int>(call.parameters.integer("vmid"));
  Value::Fields fields = machine_status(call.world, vmid, **guest, true);
  fields.emplace_back("ha", Value::map({{"managed", num(0)}}));
  const GuestOptions& options = (*guest)->options;
  if (has_agent(call.major(), options)) fields.emplace_back("agent", num(1));
  if (const std::string vga = option_of(options, "vga"); !vga.empty()) {
    const auto at = vga.find("clipboard=");
    fields.emplace_back("clipboard", at == std::string::npos ? null() : str("vnc"));
    if (vga.find("qxl") != std::string::npos) fields.emplace_back("spice", num(1));
  }
  return Value::map(std::move(fields));
}

Reply list_machines(Call& call) {
  Value::List list;
  for (const auto& [vmid, guest] : call.world.guests) {
    if (guest.kind != GuestKind::qemu || guest.node != call.node) continue;
    if (!call.may(fmt::format("/vms/{}", vmid), "VM.Audit")) continue;
    Value::Fields row = machine_status(call.world, vmid, guest, call.parameters.flag("full"));
    std::erase_if(row, [](const Value::Field& field) { return field.first == "nics"; });
    list.push_back(Value::map(std::move(row)));
  }
  return Value::list(std::move(list));
}

Value directories(const char* key, std::initializer_list<const char*> names) {
  Value::List list;
  for (const char* name : names) list.push_back(Value::map({{key, str(name)}}));
  return Value::list(std::move(list));
}

Reply machine_index(Call&) {
  return directories(
      "subdir",
      {"config",   "cloudinit",  "pending", "status",   "unlink",  "vncproxy",      "termproxy",
       "migrate",  "resize",     "move",    "rrd",      "rrddata", "monitor",       "agent",
       "snapshot", "spiceproxy", "sendkey", "firewall", "mtunnel", "remote_migrate"});
}

Reply status_index(Call&) {
  return directories("subdir",
                     {"current", "start", "stop", "reset", "shutdown", "suspend", "reboot"});
}

}  // namespace

void add_qemu_read_calls(ApiTable& api) {
  const auto audit = needs("/vms/{vmid}", {"VM.Audit"});
  const auto snapshot_name = [](const char* name) {
    return text(name).of_format("pve-configid").up_to(40);
  };
  api.get("/nodes/{node}/qemu", list_machines)
      .allowed(everyone())
      .privileged()
      .on_node()
      .takes({flag("full").optional()});
  api.get("/nodes/{node}/qemu/{vmid}", machine_index)
      .allowed(everyone())
      .on_node()
      .takes({guest_id()});
  api.get("/nodes/{node}/qemu/{vmid}/config", read_config)
      .allowed(audit)
      .on_node()
      .takes({guest_id(), flag("current").optional(), snapshot_name("snapshot").optional()});
  api.get("/nodes/{node}/qemu/{vmid}/pending", read_pending)
      .allowed(audit)
      .on_node()
      .takes({guest_id()});
  api.get("/nodes/{node}/qemu/{vmid}/status", status_index)
      .allowed(everyone())
      .on_node()
      .takes({guest_id()});
  api.get("/nodes/{node}/qemu/{vmid}/status/current", read_status)
      .allowed(audit)
      .privileged()
      .on_node()
      .takes({guest_id()});
  api.get("/nodes/{node}/qemu/{vmid}/snapshot/{snapname}/config", read_snapshot_config)
      .allowed(needs_any("/vms/{vmid}", {"VM.Snapshot", "VM.Snapshot.Rollback", "VM.Audit"}))
      .on_node()
      .takes({guest_id(), snapshot_name("snapname")});
}

}  // namespace pveplan::lab
