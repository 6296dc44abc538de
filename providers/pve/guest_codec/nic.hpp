#pragma once

#include "schema/value.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::pve {

/// `nic.NAME` from `netN` and, where there is one, `ipconfigN`.
schema::Value nic_from_config(std::string_view net, const std::string* ipconfig,
                              std::string_view slot);

/// `netN` for what `nic` states. `live` (may be empty) lends what the language does not know, and
/// what `nic` leaves out. `bridge` is the interface's name, since `nic.bridge` may name a block.
std::string net_text(const schema::Value& nic, std::string_view live, const std::string& bridge);

/// `ipconfigN`; empty when the NIC has no address of any kind. `live` lends what `nic` leaves out,
/// except the attributes that are `reset`.
std::string ipconfig_text(const schema::Value& nic, std::string_view live = {},
                          const std::vector<std::string>& reset = {});

/// Name servers and search domains of all NICs, in the order of their slots, each once:
/// `nameserver` and `searchdomain` as the API takes them; empty when nobody states any.
std::string nameservers_text(const schema::Value& nics);
std::string search_domains_text(const schema::Value& nics);

/// Whether two netN say the same.
bool same_net(std::string_view a, std::string_view b);

/// The NICs of a guest as (name, NIC), the lowest slot first.
std::vector<std::pair<std::string, schema::Value>> by_slot(const schema::Value& parts);

}  // namespace pveplan::pve
