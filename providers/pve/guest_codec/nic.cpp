#include "providers/pve/guest_codec/nic.hpp"

#include "providers/pve/coerce.hpp"
#include "providers/pve/guest_codec/options.hpp"
#include "providers/pve/guest_codec/slots.hpp"
#include "providers/pve/property_string.hpp"
#include "providers/pve/resources/guest_parts/guest_schemas.hpp"

#include <algorithm>

namespace pveplan::pve {
namespace {

using schema::Value;

bool is_address_key(std::string_view key) {
  return key == "ip" || key == "gw" || key == "ip6" || key == "gw6";
}

/// The attributes of a NIC stand in two property strings: `netN` and `ipconfigN`.
std::vector<Option> nic_properties(bool addresses) {
  auto options = properties_of(nic_schema());
  std::erase_if(options, [addresses](const Option& option) {
    return is_address_key(option.key) != addresses;
  });
  return options;
}

const std::vector<Option>& net_options() {
  static const auto kOptions = nic_properties(false);
  return kOptions;
}

const std::vector<Option>& ip_options() {
  static const auto kOptions = nic_properties(true);
  return kOptions;
}

void add_decoded(const PropertyString& text, const std::vector<Option>& options,
                 Value::Fields& fields) {
  for (const auto& option : options) {
    if (const auto* value = text.find(option.key))
      fields.emplace_back(option.attribute, decode(option, *value));
  }
}

std::string upper(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// The items of a list attribute of all NICs, each once, joined with blanks.
std::string joined(const Value& nics, std::string_view attribute) {
  std::vector<std::string> items;
  for (const auto& [name, nic] : by_slot(nics)) {
    const auto* list = member(nic, attribute);
    if (list == nullptr || list->kind() != Value::Kind::list) continue;
    for (const auto& item : list->as_list()) {
      auto text = as_text(&item);
      if (std::find(items.begin(), items.end(), text) == items.end()) items.push_back(text);
    }
  }
  std::string result;
  for (const auto& item : items) result += (result.empty() ? "" : " ") + item;
  return result;
}

}  // namespace

Value nic_from_config(std::string_view net, const std::string* ipconfig, std::string_view slot) {
  Value::Fields fields{{"slot", Value::string(std::string(slot))}};
  add_decoded(PropertyString::parse(net, net_format()), net_options(), fields);
  if (ipconfig != nullptr)
    add_decoded(PropertyString::parse(*ipconfig, plain_format()), ip_options(), fields);
  for (auto& [name, value] : fields) {
    if (name == "mac" && value.is_string()) value = Value::string(upper(value.as_string()));
  }
  return Value::object(std::move(fields));
}

std::string net_text(const Value& nic, std::string_view live, const std::string& bridge) {
  auto net = PropertyString::parse(live, net_format());
  for (const auto& option : net_options()) {
    const auto* value = member(nic, option.attribute);
    const auto text = value == nullptr ? std::nullopt : encode(option, *value);
    if (text) net.set(option.key, *text);
  }
  if (!bridge.empty()) net.set("bridge", bridge);
  if (net.find("model") == nullptr) net.set("model", "virtio");
  if (const auto* mac = net.find("macaddr")) net.set("macaddr", upper(*mac));
  return net.print();
}

std::string ipconfig_text(const Value& nic, std::string_view live,
                          const std::vector<std::string>& reset) {
  auto config = PropertyString::parse(live, plain_format());
  for (const auto& option : ip_options()) {
    if (std::find(reset.begin(), reset.end(), option.attribute) != reset.end())
      config.erase(option.key);
    const auto* value = member(nic, option.attribute);
    if (value != nullptr) config.set(option.key, as_text(value));
  }
  // a gateway needs an address beside it, and DHCP brings its own
  if (config.find("ip") == nullptr || config.text("ip") == "dhcp") config.erase("gw");
  const auto ip6 = config.text("ip6");
  if (ip6.empty() || ip6 == "dhcp" || ip6 == "auto") config.erase("gw6");
  return config.print();
}

std::string nameservers_text(const Value& nics) { return joined(nics, "dns"); }
std::string search_domains_text(const Value& nics) { return joined(nics, "search"); }

bool same_net(std::string_view a, std::string_view b) {
  return PropertyString::parse(a, net_format()) == PropertyString::parse(b, net_format());
}

std::vector<std::pair<std::string, Value>> by_slot(const Value& parts) {
  if (!parts.has_fields()) return {};
  std::vector<std::pair<std::string, Value>> result(parts.as_fields().begin(),
                                                    parts.as_fields().end());
  std::stable_sort(result.begin(), result.end(), [](const auto& a, const auto& b) {
    return slot_less(text_of(a.second, "slot"), text_of(b.second, "slot"));
  });
  return result;
}

}  // namespace pveplan::pve
