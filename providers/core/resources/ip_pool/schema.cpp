#include "providers/core/resources/ip_pool/schema.hpp"

#include "schema/network.hpp"
#include "schema/topology.hpp"

#include <fmt/format.h>

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

}  // namespace

ResourceSchema ip_pool_schema() {
  ResourceSchema result;
  result.type = "ip_pool";
  result.doc =
      "Addresses that pveplan gives to guests. A NIC takes one with ip = \"pool:NAME\": the lowest "
      "free one, in the order of the guests' addresses, kept for the life of the guest.";
  result.check = check_pool;
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
