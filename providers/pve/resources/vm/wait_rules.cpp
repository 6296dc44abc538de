#include "providers/pve/resources/vm/wait_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace pveplan::pve {

using namespace schema;

namespace {

/// Whether a NIC states an address, be it one that is chosen from a pool.
bool has_stated_address(const Resource& vm) {
  const auto* nics = vm.attributes.find("nic");
  if (nics == nullptr || !nics->has_fields()) return false;
  const auto& all = nics->as_fields();
  return std::any_of(all.begin(), all.end(), [](const Value::Field& nic) {
    const auto* ip = nic.second.find("ip");
    return ip != nullptr && *ip != Value::string("dhcp");
  });
}

bool is_port(const Value& what) {
  return what.is_string() && what.as_string().starts_with("port:");
}

/// By this machine, at an address of the guest.
bool is_dialled(const Value& what) { return what == Value::string("ssh") || is_port(what); }

void check_port(const Value& what, const Span& place, Diagnostics& diagnostics) {
  constexpr int kLast = 65'535;
  if (!is_port(what)) return;
  const auto text = what.as_string().substr(std::string_view("port:").size());
  int port = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), port);
  if (end.ec == std::errc() && port > 0 && port <= kLast) return;
  diagnostics.add(error("Value out of range",
                        fmt::format("\"wait\" names port {}; ports go from 1 to {}.", text, kLast),
                        place));
}

}  // namespace

/// An agent that is off never answers, and a guest of which nobody knows an address is not found.
/// A clone has the agent that its template has, which only apply sees.
void check_wait(const Resource& vm, Diagnostics& diagnostics) {
  const auto* place = vm.tree->find("wait");
  const auto* waits = vm.attributes.find("wait");
  if (place == nullptr || waits == nullptr || waits->kind() != Value::Kind::list) return;
  const auto* agent = vm.attributes.find("agent");
  const auto* enabled = agent != nullptr && agent->has_fields() ? agent->find("enabled") : agent;
  const bool off = enabled != nullptr && *enabled == Value::boolean(false);
  const bool stated = vm.tree->find("template") != nullptr || vm.tree->find("agent") != nullptr;
  const bool silent = !vm.lifecycle.observe && (off || (enabled == nullptr && !stated));
  for (const auto& each : waits->as_list()) {
    check_port(each, place->key_span, diagnostics);
    if (!silent) continue;
    if (is_dialled(each) && !has_stated_address(vm)) {
      diagnostics.add(
          error("Conflicting attributes",
                fmt::format("\"wait\" waits for {} at an address that nobody knows: give a NIC an "
                            "address in numbers or from a pool, or write agent = true, which tells "
                            "it.",
                            is_port(each) ? "a port" : "SSH"),
                place->key_span));
    } else if (!is_dialled(each)) {
      const bool ip = each == Value::string("ip");
      diagnostics.add(error(
          "Conflicting attributes",
          fmt::format("\"wait\" waits for {}, which is off: write agent = true, or take {} out.",
                      ip ? "an address from the guest agent" : "the guest agent",
                      ip ? "\"ip\"" : "\"agent\""),
          place->key_span));
    }
  }
}

}  // namespace pveplan::pve
