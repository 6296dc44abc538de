#include "providers/pve/guest/config_request.hpp"

#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/guest_decoder.hpp"
#include "providers/pve/guest_codec/drive.hpp"
#include "providers/pve/guest_codec/nic.hpp"
#include "providers/pve/guest_codec/options.hpp"
#include "providers/pve/guest_codec/slots.hpp"
#include "providers/pve/property_string.hpp"

#include <algorithm>
#include <array>

namespace pveplan::pve {

using schema::Path;
using schema::Value;

namespace {

std::string mac_of(const std::string& net) {
  return PropertyString::parse(net, net_format()).text("macaddr");
}

/// Options that are property strings with a default key.
std::string_view default_key(std::string_view option) {
  static constexpr auto kKeys = std::to_array<std::pair<std::string_view, std::string_view>>(
      {{"cpu", "cputype"}, {"machine", "type"}, {"memory", "current"}, {"agent", "enabled"}});
  for (const auto& [name, key] : kKeys) {
    if (name == option) return key;
  }
  return {};
}

/// The pieces of an option's text in one order, the default key without its name.
std::vector<std::string> pieces(std::string_view option, std::string_view text) {
  const auto prefix = std::string(default_key(option)) + "=";
  std::vector<std::string> result;
  for (std::size_t start = 0; start <= text.size();) {
    const auto comma = std::min(text.find(',', start), text.size());
    auto piece = text.substr(start, comma - start);
    if (prefix.size() > 1 && piece.starts_with(prefix)) piece.remove_prefix(prefix.size());
    result.emplace_back(piece);
    start = comma + 1;
  }
  std::sort(result.begin(), result.end());
  return result;
}

const Value& entries(const Value& attributes, std::string_view kind) {
  static const Value kNone = Value::map({});
  const auto* found = member(attributes, kind);
  return found != nullptr && found->has_fields() ? *found : kNone;
}

/// Builds the request from parts that do not know of each other.
class ConfigBuilder {
 public:
  explicit ConfigBuilder(const ConfigGoal& goal) : goal_(goal) {}

  ConfigRequest build() {
    add_options();
    add_description();
    add_agent();
    add_cloud_init();
    remove_parts();
    add_disks();
    add_nics();
    add_name_servers();
    add_cloud_init_drive();
    finish();
    return std::move(request_);
  }

 private:
  bool is_new() const { return goal_.owned.is_null(); }

  void set(const std::string& key, const std::string& text) {
    const auto* live = goal_.live.find(key);
    if (live != nullptr && (*live == text || pieces(key, *live) == pieces(key, text))) return;
    request_.set.emplace_back(key, text);
  }
  void remove(const std::string& key) {
    if (goal_.live.find(key) != nullptr) request_.remove.push_back(key);
  }
  bool is_reset(const std::string& path) const {
    return std::find(goal_.reset.begin(), goal_.reset.end(), path) != goal_.reset.end();
  }
  /// Names of the attributes of a part that are reset: "vlan" of "nic.lan.vlan".
  std::vector<std::string> reset_inside(const std::string& part) const {
    std::vector<std::string> result;
    for (const auto& path : goal_.reset) {
      if (path.starts_with(part + ".")) result.push_back(path.substr(part.size() + 1));
    }
    return result;
  }
  void allocate(const std::string& key, const std::string& text, const std::string& storage) {
    request_.set.emplace_back(key, text);
    request_.allocates = true;
    request_.storages.push_back(storage);
    slots_.push_back(key);
  }

  void add_options() {
    for (const auto& option : config_options(*goal_.schema)) {
      if (is_reset(option.attribute)) {
        remove(option.key);
        continue;
      }
      const auto* value = member(goal_.after, option.attribute);
      if (value == nullptr) continue;
      auto text = encode(option, *value);
      if (option.attribute == "tags") {
        text = with_foreign_tags(option, *value);
        // 8 keeps tags of a create as they were sent: the same tags in another order are no change
        if (text == encode(option, decode(option, goal_.live.text(option.key)))) continue;
      }
      if (!text) continue;
      if (text->empty()) {
        remove(option.key);
      } else {
        set(option.key, *text);
      }
    }
  }

  /// Tags of others stay; those that we wrote before and no longer want go.
  std::optional<std::string> with_foreign_tags(const Option& option, const Value& wanted) const {
    if (wanted.kind() != Value::Kind::list) return encode(option, wanted);
    auto all = wanted.as_list();
    const auto live = decode(option, goal_.live.text(option.key));
    const auto* before = member(goal_.owned, "tags");
    for (const auto& tag : live.as_list()) {
      const bool ours = before != nullptr && before->kind() == Value::Kind::list &&
                        std::find(before->as_list().begin(), before->as_list().end(), tag) !=
                            before->as_list().end();
      if (!ours) all.push_back(tag);
    }
    return encode(option, Value::list(std::move(all)));
  }

  void add_description() {
    const auto live = split_description(goal_.live.text("description"));
    auto text = live.text;
    if (is_reset("description")) text.clear();
    if (const auto* stated = member(goal_.after, "description")) text = as_text(stated);
    if (goal_.marker) {
      description_ = join_description(text, *goal_.marker);
    } else if (text.empty()) {
      remove("description");
      return;
    } else {
      description_ = text;
    }
    if (text != live.text || is_new()) set("description", description_);
  }

  void add_agent() {
    if (is_reset("agent")) remove("agent");
    const auto* value = member(goal_.after, "agent");
    if (value == nullptr) return;
    auto agent = PropertyString::parse(goal_.live.text("agent"), agent_format());
    if (!value->has_fields()) {
      agent.set("enabled", as_flag(value) ? "1" : "0");
    } else {
      for (const auto& [name, held] : value->as_fields()) {
        auto key = name;
        if (key == "freeze_fs_on_backup") key = "freeze-fs-on-backup";
        agent.set(key, as_text(&held));
      }
    }
    set("agent", agent.print());
  }

  void add_cloud_init() {
    const auto* attribute = goal_.schema->find("cloud_init");
    if (attribute == nullptr) return;
    const auto* value = member(goal_.after, "cloud_init");
    for (const auto& option : options_of(*attribute->type.object)) {
      const auto before = request_.set.size() + request_.remove.size();
      if (is_reset("cloud_init." + option.attribute)) remove(option.key);
      const auto* held = value == nullptr ? nullptr : member(*value, option.attribute);
      const auto text = held == nullptr ? std::nullopt : encode(option, *held);
      if (text) set(option.key, *text);
      if (request_.set.size() + request_.remove.size() != before) request_.at_next_start = true;
    }
    if (is_reset("cloud_init.password")) remove("cipassword");
  }

  void remove_parts() {
    for (const auto& part : goal_.removed) {
      const auto name = part.substr(part.find('.') + 1);
      const bool disk = part.starts_with("disk.");
      const auto slot = disk ? goal_.names.disk_slot(name) : goal_.names.nic_slot(name);
      if (slot.empty() || is_unused_slot(slot)) continue;
      request_.remove.push_back(slot);
      request_.plugs = true;
      if (disk || goal_.live.find(ipconfig_key(slot)) == nullptr) continue;
      remove(ipconfig_key(slot));
      request_.at_next_start = true;
    }
  }

  void add_disks() {
    for (const auto& [name, disk] : by_slot(entries(goal_.after, "disk"))) {
      const auto now = goal_.names.disk_slot(name);
      if (!now.empty() && !is_unused_slot(now)) {
        keep_disk(name, disk, now);
      } else {
        attach_disk(name, disk, now);
      }
    }
  }

  void keep_disk(const std::string& name, const Value& disk, const std::string& slot) {
    const auto live = Drive::parse(goal_.live.text(slot));
    const auto reset = Drive::parse(drive_without(live, reset_inside("disk." + name)));
    const auto wanted = drive_with_options(reset, disk);
    slots_.push_back(slot);
    if (same_drive(live, Drive::parse(wanted)) && !goal_.live.is_outgrown(slot)) return;
    request_.set.emplace_back(slot, wanted);
    request_.plugs = true;
  }

  /// A volume that was detached comes back; only what never was is made.
  void attach_disk(const std::string& name, const Value& disk, const std::string& unused) {
    const auto slot = text_of(disk, "slot");
    if (slot.empty()) return;  // a template's own disk: it is there, or nobody knows where it was
    auto volume = unused.empty() ? std::string() : Drive::parse(goal_.live.text(unused)).volume();
    const auto waiting = goal_.detached.find(name);
    if (volume.empty() && waiting != goal_.detached.end()) volume = waiting->second;
    request_.plugs = true;
    if (!volume.empty()) {
      request_.set.emplace_back(slot, drive_with_options(Drive::parse(volume), disk));
      slots_.push_back(slot);
      return;
    }
    auto made = disk;
    if (text_of(disk, "storage").empty())
      made = made.with(Path({"storage"}), Value::string(goal_.storage));
    const auto import = goal_.imports.find(name);
    const auto drive = new_drive(made, import == goal_.imports.end() ? "" : import->second);
    allocate(slot, drive, text_of(made, "storage"));
  }

  void add_nics() {
    for (const auto& [name, nic] : by_slot(entries(goal_.after, "nic"))) {
      auto slot = goal_.names.nic_slot(name);
      if (slot.empty()) slot = text_of(nic, "slot");
      if (first_nic_.empty()) first_nic_ = slot;
      auto base = PropertyString::parse(goal_.live.text(slot), net_format());
      const auto reset = reset_inside("nic." + name);
      for (const auto& attribute : reset) base.erase(attribute == "vlan" ? "tag" : attribute);
      const auto bridge = goal_.bridges.find(text_of(nic, "bridge"));
      const auto net =
          net_text(nic, base.print(), bridge == goal_.bridges.end() ? "" : bridge->second);
      const auto* live = goal_.live.find(slot);
      if (live == nullptr || !same_net(*live, net)) {
        request_.set.emplace_back(slot, net);
        request_.plugs = true;
        // cloud-init knows a NIC that it configures by its MAC
        const bool other_mac = live != nullptr && mac_of(*live) != mac_of(net);
        const bool configured = goal_.live.find(ipconfig_key(slot)) != nullptr;
        if (other_mac && configured) request_.at_next_start = true;
      }
      add_addresses(slot, nic, reset);
    }
  }

  void add_addresses(const std::string& slot, const Value& nic,
                     const std::vector<std::string>& reset) {
    const auto key = ipconfig_key(slot);
    const auto* live = goal_.live.find(key);
    const auto text = ipconfig_text(nic, live == nullptr ? std::string_view() : *live, reset);
    const auto before = request_.set.size() + request_.remove.size();
    if (!text.empty()) {
      set(key, text);
    } else if (live != nullptr) {
      remove(key);
    }
    if (request_.set.size() + request_.remove.size() != before) request_.at_next_start = true;
  }

  void add_name_servers() {
    const auto& nics = entries(goal_.after, "nic");
    set_or_reset("nameserver", nameservers_text(nics), ".dns");
    set_or_reset("searchdomain", search_domains_text(nics), ".search");
  }

  void set_or_reset(const std::string& key, const std::string& text, std::string_view path_end) {
    const bool reset =
        std::any_of(goal_.reset.begin(), goal_.reset.end(),
                    [path_end](const std::string& path) { return path.ends_with(path_end); });
    if (!text.empty()) {
      set(key, text);
    } else if (reset) {
      remove(key);
    }
  }

  void add_cloud_init_drive() {
    const bool wanted = goal_.cloud_init_drive || member(goal_.after, "cloud_init") != nullptr;
    if (!wanted) return;
    for (const auto& key : goal_.live.keys()) {
      if (!is_drive_slot(key)) continue;
      slots_.push_back(key);
      if (Drive::parse(goal_.live.text(key)).is_cloud_init()) return;
    }
    const auto slot = highest_free_scsi(slots_);
    allocate(slot, goal_.storage + ":cloudinit", goal_.storage);
  }

  void finish() {
    if (is_new() && goal_.live.keys().empty()) add_boot_order();
    if (request_.find("name") != nullptr) request_.at_next_start = true;
    // the marker comes back with the next write, but is no reason for one
    const bool marker_gone = goal_.marker && goal_.live.text("description") != description_;
    if (!request_.empty() && marker_gone && request_.find("description") == nullptr)
      request_.set.emplace_back("description", description_);
    auto& storages = request_.storages;
    std::sort(storages.begin(), storages.end());
    storages.erase(std::unique(storages.begin(), storages.end()), storages.end());
  }

  /// The first disk, then the first NIC; `os` sits in the lowest slot (DEFINITIONS 2).
  void add_boot_order() {
    const auto disks = by_slot(entries(goal_.after, "disk"));
    std::string order;
    if (!disks.empty()) order = text_of(disks.front().second, "slot");
    if (!first_nic_.empty()) order += (order.empty() ? "" : ";") + first_nic_;
    if (!order.empty()) request_.set.emplace_back("boot", "order=" + order);
  }

  const ConfigGoal& goal_;
  ConfigRequest request_;
  std::string description_;
  std::string first_nic_;
  std::vector<std::string> slots_;  ///< of drives that are there, or will be
};

}  // namespace

const std::string* ConfigRequest::find(std::string_view key) const {
  const auto at = std::find_if(set.begin(), set.end(),
                               [key](const auto& parameter) { return parameter.first == key; });
  return at == set.end() ? nullptr : &at->second;
}

ConfigRequest config_request(const ConfigGoal& goal) { return ConfigBuilder(goal).build(); }

}  // namespace pveplan::pve
