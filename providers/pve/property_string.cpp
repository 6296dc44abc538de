#include "providers/pve/property_string.hpp"

#include <algorithm>

namespace pveplan::pve {
namespace {

bool key_less(const std::pair<std::string, std::string>& part, std::string_view key) {
  return part.first < key;
}

bool holds(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

const PropertyFormat& drive_format() {
  static const PropertyFormat kFormat{"file",
                                      {{"volume", "file"},
                                       {"bps_rd_length", "bps_rd_max_length"},
                                       {"bps_wr_length", "bps_wr_max_length"},
                                       {"iops_rd_length", "iops_rd_max_length"},
                                       {"iops_wr_length", "iops_wr_max_length"}},
                                      {},
                                      {},
                                      {}};
  return kFormat;
}

const PropertyFormat& net_format() {
  static const PropertyFormat kFormat{
      "model",
      {},
      "model",
      "macaddr",
      {"e1000", "e1000-82540em", "e1000-82544gc", "e1000-82545em", "e1000e", "i82551", "i82557b",
       "i82559er", "ne2k_isa", "ne2k_pci", "pcnet", "rtl8139", "virtio", "vmxnet3"}};
  return kFormat;
}

const PropertyFormat& agent_format() {
  // 9 renamed freeze-fs-on-backup and still takes the old name; 8 knows the old one only
  static const PropertyFormat kFormat{
      "enabled",
      {{"freeze-fs", "freeze-fs-on-backup"}, {"guest-fsfreeze", "freeze-fs-on-backup"}},
      {},
      {},
      {}};
  return kFormat;
}

const PropertyFormat& cpu_format() {
  static const PropertyFormat kFormat{"cputype", {}, {}, {}, {}};
  return kFormat;
}

const PropertyFormat& plain_format() {
  static const PropertyFormat kFormat;
  return kFormat;
}

PropertyString PropertyString::parse(std::string_view text, const PropertyFormat& format) {
  PropertyString result(format);
  for (std::size_t start = 0; start <= text.size();) {
    const auto comma = std::min(text.find(',', start), text.size());
    const auto part = text.substr(start, comma - start);
    start = comma + 1;
    if (part.find_first_not_of(' ') == part.npos) continue;
    const auto equals = part.find('=');
    if (equals == 0) continue;  // no key: no server prints such a part
    if (equals == part.npos) {
      result.set(format.default_key, std::string(part));
      continue;
    }
    const std::string key(part.substr(0, equals));
    const std::string value(part.substr(equals + 1));
    if (holds(format.name_values, key)) {
      result.set(format.name_key, key);
      result.set(format.value_key, value);
    } else {
      result.set(key, value);
    }
  }
  return result;
}

const std::string* PropertyString::find(std::string_view key) const {
  const auto at = std::lower_bound(parts_.begin(), parts_.end(), key, key_less);
  return at != parts_.end() && at->first == key ? &at->second : nullptr;
}

std::string PropertyString::text(std::string_view key) const {
  const auto* found = find(key);
  return found == nullptr ? std::string() : *found;
}

void PropertyString::set(const std::string& name, std::string value) {
  const auto alias = format_->aliases.find(name);
  const auto& key = alias == format_->aliases.end() ? name : alias->second;
  const auto at = std::lower_bound(parts_.begin(), parts_.end(), key, key_less);
  if (at != parts_.end() && at->first == key) {
    at->second = std::move(value);
  } else {
    parts_.emplace(at, key, std::move(value));
  }
}

void PropertyString::erase(std::string_view key) {
  std::erase_if(parts_, [key](const auto& part) { return part.first == key; });
}

std::string PropertyString::print() const {
  std::string result;
  const auto add = [&result](const std::string& part) {
    if (!result.empty()) result += ',';
    result += part;
  };
  const auto* joined_name = format_->name_key.empty() ? nullptr : find(format_->name_key);
  const bool joins = joined_name != nullptr && holds(format_->name_values, *joined_name);
  const auto* joined_value = joins ? find(format_->value_key) : nullptr;
  if (const auto* value = find(format_->default_key))
    add(joined_value == nullptr ? *value : *joined_name + "=" + *joined_value);
  for (const auto& [key, value] : parts_) {
    if (key == format_->default_key) continue;
    if (joined_value != nullptr && key == format_->value_key) continue;
    add(key + "=" + value);
  }
  return result;
}

}  // namespace pveplan::pve
