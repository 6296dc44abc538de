#include "providers/core/resources/ip_pool/schema.hpp"

#include "schema/chosen_values.hpp"
#include "schema/network.hpp"
#include "schema/topology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::core {

using namespace schema;

namespace {

const std::string* text_at(const Resource& pool, std::string_view attribute) {
  const auto* value = pool.attributes.find(attribute);
  return value != nullptr && value->is_string() ? &value->as_string() : nullptr;
}

void check_ranges(const Resource& pool, const Ipv4Prefix& network, const char* attribute,
                  Diagnostics& diagnostics) {
  const auto* ranges = pool.attributes.find(attribute);
  if (ranges == nullptr || ranges->kind() != Value::Kind::list) return;
  for (std::size_t i = 0; i < ranges->as_list().size(); ++i) {
    const auto& item = ranges->as_list()[i];
    const auto range = item.is_string() ? parse_ipv4_range(item.as_string()) : std::nullopt;
    if (!range || (network.contains(range->first) && network.contains(range->last))) continue;
    diagnostics.add(error("Address outside of its network",
                          fmt::format("\"{}\" does not lie in {}, the network of {}.",
                                      item.as_string(), network.text(), pool.address.text()),
                          pool.span_of(Path({attribute, std::to_string(i)}))));
  }
}

void check_pool(const Resource& pool, Diagnostics& diagnostics) {
  const auto* cidr = text_at(pool, "cidr");
  const auto network = cidr != nullptr ? parse_ipv4_prefix(*cidr) : std::nullopt;
  if (!network) return;
  check_ranges(pool, *network, "allocate", diagnostics);
  check_ranges(pool, *network, "reserve", diagnostics);
  const auto* text = text_at(pool, "gateway");
  const auto gateway = text != nullptr ? parse_ipv4(*text) : std::nullopt;
  if (!gateway || network->contains(*gateway)) return;
  diagnostics.add(error("Address outside of its network",
                        fmt::format("The gateway {} does not lie in {}: no guest could reach it.",
                                    gateway->text(), network->text()),
                        pool.span_of(Path({"gateway"}))));
}

/// A pool as the rules between pools and guests need it.
struct Pool {
  const Resource* resource = nullptr;
  Ipv4Prefix network;
  std::vector<Ipv4Range> allocate, reserve;
  std::optional<Ipv4> gateway;
  bool for_guests = true;
};

std::vector<Pool> pools_of(const Topology& topology) {
  std::vector<Pool> pools;
  for (const auto& resource : topology.resources) {
    if (resource.address.type != "ip_pool") continue;
    const auto* cidr = text_at(resource, "cidr");
    const auto network = cidr != nullptr ? parse_ipv4_prefix(*cidr) : std::nullopt;
    if (!network) continue;
    Pool pool{&resource,
              *network,
              ipv4_ranges(resource.attributes.find("allocate")),
              ipv4_ranges(resource.attributes.find("reserve")),
              std::nullopt,
              true};
    if (const auto* gateway = text_at(resource, "gateway")) pool.gateway = parse_ipv4(*gateway);
    const auto* use = text_at(resource, "use_for");
    pool.for_guests = use == nullptr || *use == "guests";
    pools.push_back(std::move(pool));
  }
  return pools;
}

void check_pool_use(const std::vector<Pool>& pools, const Resource& guest, const ChosenValue& nic,
                    Diagnostics& diagnostics) {
  const auto name = nic.value.as_string().substr(5);
  for (const auto& pool : pools) {
    if (pool.resource->address.name != name || pool.for_guests) continue;
    auto diagnostic = error("Pool not for guests",
                            fmt::format("{} is kept for load balancers, so that no guest takes an "
                                        "address that one of them may announce.",
                                        pool.resource->address.text()),
                            guest.span_of(nic.path));
    diagnostic.notes.push_back(
        {"the pool says so here", pool.resource->span_of(Path({"use_for"}))});
    diagnostics.add(std::move(diagnostic));
  }
}

/// A guest that has the gateway's address may be the gateway, unless it needs one itself.
void check_gateway(const Pool& pool, const Resource& guest, const ChosenValue& nic,
                   Diagnostics& diagnostics) {
  const bool has_gateway = nic.part != nullptr && nic.part->find("gateway") != nullptr;
  auto diagnostic = error("Address of the gateway",
                          fmt::format("{} is the gateway of {}. {}", pool.gateway->text(),
                                      pool.resource->address.text(),
                                      has_gateway ? "No guest behind it can have its address."
                                                  : "That is right only where this guest is the "
                                                    "gateway."),
                          guest.span_of(nic.path));
  if (!has_gateway) diagnostic.severity = Severity::warning;
  diagnostic.notes.push_back({"the pool names it here", pool.resource->span_of(Path({"gateway"}))});
  diagnostics.add(std::move(diagnostic));
}

void check_fixed_address(const std::vector<Pool>& pools, const Resource& guest,
                         const ChosenValue& nic, Diagnostics& diagnostics) {
  const auto prefix = parse_ipv4_prefix(nic.value.as_string());
  if (!prefix) return;
  for (const auto& pool : pools) {
    if (pool.gateway == prefix->address) check_gateway(pool, guest, nic, diagnostics);
    for (std::size_t i = 0; i < pool.reserve.size(); ++i) {
      if (!pool.reserve[i].contains(prefix->address)) continue;
      auto diagnostic = error("Address is reserved",
                              fmt::format("{} is reserved in {} for something else. Take it out of "
                                          "`reserve`: a fixed address is never given out again.",
                                          prefix->address.text(), pool.resource->address.text()),
                              guest.span_of(nic.path));
      diagnostic.notes.push_back({"the pool reserves it here",
                                  pool.resource->span_of(Path({"reserve", std::to_string(i)}))});
      diagnostics.add(std::move(diagnostic));
    }
  }
}

bool overlap(const std::vector<Ipv4Range>& a, const std::vector<Ipv4Range>& b) {
  return std::any_of(a.begin(), a.end(), [&b](const Ipv4Range& x) {
    return std::any_of(b.begin(), b.end(),
                       [&x](const Ipv4Range& y) { return x.first <= y.last && y.first <= x.last; });
  });
}

/// Pools may share a network and even ranges, as long as all of it is for the same use.
void check_overlaps(const std::vector<Pool>& pools, Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < pools.size(); ++i) {
    for (std::size_t j = i + 1; j < pools.size(); ++j) {
      const auto& a = pools[i];
      const auto& b = pools[j];
      if (a.for_guests == b.for_guests || !overlap(a.allocate, b.allocate)) continue;
      auto diagnostic = error("Pools overlap",
                              fmt::format("{} and {} share addresses, and one of them is kept for "
                                          "load balancers.",
                                          a.resource->address.text(), b.resource->address.text()),
                              b.resource->span_of(Path({"allocate"})));
      diagnostic.notes.push_back({"the other range", a.resource->span_of(Path({"allocate"}))});
      diagnostics.add(std::move(diagnostic));
    }
  }
}

void check_pools(const Topology& topology, Diagnostics& diagnostics) {
  const auto pools = pools_of(topology);
  check_overlaps(pools, diagnostics);
  for (const auto& guest : topology.resources) {
    for (const auto& nic : chosen_values(guest, Choice::address)) {
      if (!nic.value.is_string()) continue;
      if (nic.value.as_string().starts_with("pool:")) {
        check_pool_use(pools, guest, nic, diagnostics);
      } else {
        check_fixed_address(pools, guest, nic, diagnostics);
      }
    }
  }
}

}  // namespace

ResourceSchema ip_pool_schema() {
  ResourceSchema result;
  result.type = "ip_pool";
  result.doc =
      "Addresses that pveplan gives to guests. A NIC takes one with ip = \"pool:NAME\": the lowest "
      "free one, in the order of the guests' addresses, kept for the life of the guest.";
  result.check = check_pool;
  result.check_topology = check_pools;
  result.object =
      ObjectBuilder()
          .add(attr("cidr", string())
                   .required()
                   .format(Format::ipv4_network)
                   .effect(EffectRule::none)
                   .doc("The network, such as \"10.0.0.0/24\". Its length is the prefix of every "
                        "address."))
          .add(attr("allocate", list_of(string()))
                   .required()
                   .format(Format::ipv4_range)
                   .effect(EffectRule::none)
                   .doc("The addresses that may be given out: single ones and ranges."))
          .add(attr("reserve", list_of(string()))
                   .format(Format::ipv4_range)
                   .effect(EffectRule::none)
                   .doc("Addresses that are never given out, since something else uses them."))
          .add(
              attr("gateway", string())
                  .format(Format::ipv4)
                  .effect(EffectRule::none)
                  .doc(
                      "The gateway of the first NIC that takes an address from here, where the NIC "
                      "states none."))
          .add(attr("dns", list_of(string()))
                   .format(Format::ip)
                   .effect(EffectRule::none)
                   .doc("Name servers of guests with an address from here."))
          .add(attr("search", list_of(string()))
                   .format(Format::dns_name)
                   .effect(EffectRule::none)
                   .doc("Search domains of guests with an address from here."))
          .add(attr("use_for", string())
                   .values({"guests", "load_balancer"})
                   .default_always(Value::string("guests"))
                   .effect(EffectRule::none)
                   .doc("\"load_balancer\" keeps the whole pool from guests."))
          .build();
  return result;
}

}  // namespace pveplan::core
