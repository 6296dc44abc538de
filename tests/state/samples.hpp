// Rows and states that the tests of this folder share.
#pragma once

#include "schema/json.hpp"
#include "state/state_file.hpp"

#include <string>

namespace pveplan::state::samples {

inline schema::ResourceAddress address(const std::string& text) {
  return *schema::parse_address(text);
}

inline schema::Value json(const std::string& text) { return *schema::parse_json(text); }

/// A guest as the state keeps one.
inline model::Row guest(const std::string& name, int vmid) {
  model::Row row;
  row.address = address(name);
  row.schema_version = 2;
  row.identity = json(R"({"node":"pve1","uuid":"0b5d","vmid":)" + std::to_string(vmid) + "}");
  row.owned = json(R"({"cores":4,"memory":4294967296,"name":"db","tags":["a","ü"]})");
  row.exported = json(R"({"ip":"10.0.0.7","ratio":1.50})");
  row.parts.emplace("disk.data", model::PartRow{json(R"({"slot":"scsi1","volume":"local:1"})"),
                                                json(R"({"size":8589934592})"), true});
  row.parts.emplace("nic.lan", model::PartRow{json(R"({"mac":"BC:24:11:00:00:01"})"), {}, false});
  row.dependencies = {address("bridge.lan"), address("vm.db[2]")};
  row.nonce = "0011223344556677";
  row.fingerprint = "f1";
  row.notes = json(R"({"cloud_init_written":"2026-08-01T10:00:00Z"})");
  return row;
}

inline model::Intent intent(IntentId id, const std::string& name) {
  model::Intent result;
  result.id = id;
  result.address = address(name);
  result.operation = "create";
  result.arguments = json(R"({"node":"pve1","vmid":101})");
  result.nonce = "aabb";
  result.server_time = "2026-08-01T10:00:00Z";
  return result;
}

inline StateFile state() {
  StateFile result;
  result.program = "0.1.0";
  result.topology = "lab";
  result.cluster = "AA:BB";
  result.cluster_name = "home";
  result.lineage = "00112233445566778899aabbccddeeff";
  result.serial = 12;
  result.next_intent = 5;
  result.retired_vmids = {100, 104};
  for (const auto* name : {"vm.db[10]", "vm.db[2]", "vm.web"}) {
    result.rows.emplace(address(name), guest(name, 101));
  }
  result.rows[address("vm.web")].status = model::RowStatus::incomplete;
  result.open_intents.emplace(3, intent(3, "vm.new"));
  result.open_intents.emplace(4, intent(4, "vm.other"));
  result.open_intents[4].upid = "UPID:pve1:0001:qmclone:9000:root@pam:";
  return result;
}

}  // namespace pveplan::state::samples
