#include "engine/choose/addresses.hpp"

#include "engine/choose/parts.hpp"
#include "engine/choose/schema_walk.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::engine {

using schema::Ipv4;
using schema::Path;
using schema::Value;

namespace {

constexpr std::string_view kPool = "pool:";

Value copy_of(const Value& pool, std::string_view attribute) {
  const Value* value = pool.find(attribute);
  return value == nullptr ? Value() : *value;
}

std::vector<std::string> by_slot(const Value& nics) {
  std::vector<std::string> names;
  for (const auto& [name, nic] : nics.as_fields()) names.push_back(name);
  std::sort(names.begin(), names.end(), [&nics](const std::string& a, const std::string& b) {
    return slot_before(text_at(*nics.find(a), "slot"), text_at(*nics.find(b), "slot"));
  });
  return names;
}

std::string without_prefix(const std::string& address) {
  return address.substr(0, address.find('/'));
}

}  // namespace

AddressChooser::AddressChooser(const schema::Topology& topology) {
  for (const auto& resource : topology.resources) {
    if (resource.address.type != "ip_pool") continue;
    const auto network = schema::parse_ipv4_prefix(text_at(resource.attributes, "cidr"));
    if (!network) continue;
    Pool pool;
    pool.network = *network;
    pool.allocate = schema::ipv4_ranges(resource.attributes.find("allocate"));
    pool.reserve = schema::ipv4_ranges(resource.attributes.find("reserve"));
    pool.gateway = text_at(resource.attributes, "gateway");
    pool.dns = copy_of(resource.attributes, "dns");
    pool.search = copy_of(resource.attributes, "search");
    if (!pool.gateway.empty()) with_gateway_.insert(resource.address.name);
    take(pool.gateway);
    pools_.emplace(resource.address.name, std::move(pool));
  }
}

void AddressChooser::take(std::string_view address) {
  const auto parsed = schema::parse_ipv4(address.substr(0, address.find('/')));
  if (parsed) taken_.insert(*parsed);
}

void AddressChooser::hold(std::string_view address, const schema::ResourceAddress& holder) {
  const auto parsed = schema::parse_ipv4(address);
  if (!parsed) return;
  taken_.insert(*parsed);
  held_.emplace(*parsed, holder);
}

/// Who could free an address of the pool by a restart, as whole sentences.
std::string AddressChooser::holders(const Pool& pool) const {
  std::string text;
  for (const auto& [address, holder] : held_) {
    const bool of_pool =
        std::any_of(pool.allocate.begin(), pool.allocate.end(),
                    [address](const auto& range) { return range.contains(address); });
    if (!of_pool) continue;
    text += fmt::format(
        " {} is given up by {}, which has it until it is restarted (pveplan apply "
        "--restart {}).",
        address.text(), holder.text(), holder.shell_text());
  }
  return text;
}

std::string AddressChooser::next(const std::string& name) {
  const auto& pool = pools_.at(name);
  const auto network = pool.network.network(), broadcast = pool.network.broadcast();
  const auto reserved = [&pool](Ipv4 address) {
    return std::any_of(pool.reserve.begin(), pool.reserve.end(),
                       [address](const auto& range) { return range.contains(address); });
  };
  auto ranges = pool.allocate;
  std::sort(ranges.begin(), ranges.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& range : ranges) {
    for (auto bits = std::uint64_t{range.first.bits}; bits <= range.last.bits; ++bits) {
      const Ipv4 address{static_cast<std::uint32_t>(bits)};
      const bool of_network =
          pool.network.length < 31 && (address == network || address == broadcast);
      if (of_network || reserved(address) || !taken_.insert(address).second) continue;
      return fmt::format("{}/{}", address.text(), pool.network.length);
    }
  }
  return {};
}

std::string AddressChooser::address_of(const schema::Resource& guest, const std::string& nic,
                                       const std::string& pool, const Value& owned,
                                       schema::Diagnostics& diagnostics) {
  const Value* held = owned.find(Path({nic, "ip"}));
  if (held != nullptr && held->is_string()) {
    const auto before = schema::parse_ipv4_prefix(held->as_string());
    if (before && pools_.at(pool).network.contains(before->address)) return held->as_string();
  }
  auto chosen = next(pool);
  if (!chosen.empty()) return chosen;
  auto diagnostic = schema::error(
      "No free address",
      fmt::format("Every address of ip_pool.{} is taken, and nic.{} of {} needs one. Add addresses "
                  "to its `allocate`.{}",
                  pool, nic, guest.address.text(), holders(pools_.at(pool))),
      guest.span_of(Path({"nic", nic, "ip"})));
  diagnostic.address = guest.address;
  diagnostics.add(std::move(diagnostic));
  return {};
}

/// A stated address that another guest has until it is restarted would be there twice.
void AddressChooser::check_held(const schema::Resource& guest, const std::string& nic,
                                const std::string& stated, schema::Diagnostics& diagnostics) const {
  const auto address = schema::parse_ipv4(without_prefix(stated));
  const auto held = address ? held_.find(*address) : held_.end();
  if (held == held_.end() || held->second == guest.address) return;
  auto diagnostic = schema::error(
      "Address still in use",
      fmt::format(
          "{} of {} is given up by {}, which has it until it is restarted. Restart that one "
          "first (pveplan apply --restart {}), or state another address.",
          address->text(), guest.address.text(), held->second.text(), held->second.shell_text()),
      guest.span_of(Path({"nic", nic, "ip"})));
  diagnostic.address = guest.address;
  diagnostics.add(std::move(diagnostic));
}

Value AddressChooser::with_addresses(const schema::Resource& guest, Value nics, const Value& owned,
                                     schema::Diagnostics& diagnostics) {
  const auto& stated = nics.as_fields();
  bool gateway_known = std::any_of(stated.begin(), stated.end(), [](const auto& each) {
    return each.second.find("gateway") != nullptr;
  });
  for (const auto& name : by_slot(nics)) {
    const auto text = text_at(*nics.find(name), "ip");
    if (!text.starts_with(kPool)) {
      check_held(guest, name, text, diagnostics);
      continue;
    }
    const auto pool = pools_.find(text.substr(kPool.size()));
    if (pool == pools_.end()) continue;
    const auto address = address_of(guest, name, pool->first, owned, diagnostics);
    nics = nics.with(Path({name, "ip"}), Value::string(address));
    const auto fill = [&](const char* attribute, const Value& value) {
      if (nics.find(Path({name, attribute})) == nullptr && !value.is_null())
        nics = nics.with(Path({name, attribute}), value);
    };
    fill("dns", pool->second.dns);
    fill("search", pool->second.search);
    const auto& gateway = pool->second.gateway;
    if (gateway_known || gateway.empty() || gateway == without_prefix(address)) continue;
    fill("gateway", Value::string(gateway));
    gateway_known = true;
  }
  return nics;
}

}  // namespace pveplan::engine
