#include "providers/pve/guest_codec/guest_config.hpp"

#include "providers/pve/coerce.hpp"
#include "providers/pve/guest_codec/drive.hpp"
#include "providers/pve/guest_codec/slots.hpp"

namespace pveplan::pve {
namespace {

/// An option without a value reads back as one space (FACTS 4.2, 6.9).
std::optional<std::string> text_value(const schema::Value* value) {
  if (value == nullptr) return std::nullopt;
  auto text = as_text(value);
  if (text.find_first_not_of(' ') == text.npos) return std::nullopt;
  return text;
}

/// The waiting text of a drive with the size that the disk has meanwhile; nullopt where the text is
/// right. A resize writes the drive in force only.
std::optional<std::string> regrown(const std::string& running, const std::string& waiting) {
  const auto now = Drive::parse(running), then = Drive::parse(waiting);
  if (now.volume() != then.volume()) return std::nullopt;
  if (now.bytes().value_or(0) <= then.bytes().value_or(0)) return std::nullopt;
  auto options = then.options();
  options.set("size", now.options().text("size"));
  return options.print();
}

}  // namespace

GuestConfig GuestConfig::from_pending(const schema::Value& data) {
  GuestConfig config;
  if (data.kind() != schema::Value::Kind::list) return config;
  for (const auto& item : data.as_list()) {
    const auto key = text_of(item, "key");
    if (key == "digest") {
      config.digest_ = text_of(item, "value");
      continue;
    }
    Entry entry;
    entry.running = text_value(member(item, "value"));
    const bool deletes = integer_of(item, "delete") != 0;
    const auto* pending = member(item, "pending");
    if (pending != nullptr) {
      entry.wanted = text_value(pending);
      if (is_drive_slot(key) && entry.running && entry.wanted) {
        if (auto grown = regrown(*entry.running, *entry.wanted)) {
          entry.wanted = std::move(grown);
          entry.outgrown = true;
        }
      }
    } else if (!deletes) {
      entry.wanted = entry.running;
    }
    config.entries_.emplace(key, std::move(entry));
  }
  return config;
}

const std::string* GuestConfig::find(std::string_view key) const {
  const auto at = entries_.find(key);
  return at == entries_.end() || !at->second.wanted ? nullptr : &*at->second.wanted;
}

std::string GuestConfig::text(std::string_view key) const {
  const auto* found = find(key);
  return found == nullptr ? std::string() : *found;
}

const std::string* GuestConfig::find_running(std::string_view key) const {
  const auto at = entries_.find(key);
  return at == entries_.end() || !at->second.running ? nullptr : &*at->second.running;
}

bool GuestConfig::is_pending(std::string_view key) const {
  const auto at = entries_.find(key);
  return at != entries_.end() && at->second.running != at->second.wanted;
}

bool GuestConfig::is_outgrown(std::string_view key) const {
  const auto at = entries_.find(key);
  return at != entries_.end() && at->second.outgrown;
}

std::vector<std::string> GuestConfig::keys() const {
  std::vector<std::string> result;
  for (const auto& [key, entry] : entries_) {
    if (entry.wanted) result.push_back(key);
  }
  return result;
}

std::vector<std::string> GuestConfig::running_keys() const {
  std::vector<std::string> result;
  for (const auto& [key, entry] : entries_) {
    if (entry.running) result.push_back(key);
  }
  return result;
}

}  // namespace pveplan::pve
