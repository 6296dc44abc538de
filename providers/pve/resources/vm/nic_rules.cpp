#include "providers/pve/resources/vm/nic_rules.hpp"

#include <fmt/format.h>

#include <string>

namespace pveplan::pve {

using namespace schema;

namespace {

/// An address that the network gives brings its gateway along, and the server keeps no other.
void check_gateway(const Resource& vm, const std::string& nic, const Value& part,
                   const char* address, const char* gateway, Diagnostics& diagnostics) {
  const auto* given = part.find(address);
  if (part.find(gateway) == nullptr || given == nullptr || !given->is_string()) return;
  const auto& text = given->as_string();
  if (text != "dhcp" && text != "auto") return;
  diagnostics.add(error(
      "Conflicting attributes",
      fmt::format("{} = \"{}\" brings its own gateway. Take {} out, or state a fixed address.",
                  address, text, gateway),
      vm.span_of(Path({"nic", nic, gateway}))));
}

}  // namespace

void check_nics(const Resource& vm, Diagnostics& diagnostics) {
  const auto* nics = vm.attributes.find("nic");
  if (nics == nullptr || !nics->has_fields()) return;
  for (const auto& [name, part] : nics->as_fields()) {
    check_gateway(vm, name, part, "ip", "gateway", diagnostics);
    check_gateway(vm, name, part, "ip6", "gateway6", diagnostics);
  }
}

}  // namespace pveplan::pve
