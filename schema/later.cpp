#include "schema/later.hpp"

#include <algorithm>
#include <array>

namespace pveplan::schema {
namespace {

constexpr std::array<std::string_view, 14> kTypes = {
    "acl",         "bond",        "ceph",        "container", "group", "ha_rule", "k3s",
    "mapping_dir", "mapping_pci", "mapping_usb", "role",      "token", "user",    "vlan"};

constexpr std::array<std::string_view, 3> kAttributes = {"protect", "wait", "wait_timeout"};

template <std::size_t kSize>
bool is_listed(const std::array<std::string_view, kSize>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool is_later_type(std::string_view type) {
  return is_listed(kTypes, type) || type.starts_with("node_");
}

bool is_later_attribute(std::string_view name) { return is_listed(kAttributes, name); }

}  // namespace pveplan::schema
