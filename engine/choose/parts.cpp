#include "engine/choose/parts.hpp"

#include "engine/choose/schema_walk.hpp"
#include "model/sha256.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::engine {

using schema::Value;

namespace {

constexpr std::string_view kPool = "pool:";

std::pair<std::string, int> split_slot(std::string_view slot) {
  const auto digit = slot.find_first_of("0123456789");
  if (digit == slot.npos) return {std::string(slot), 0};
  return {std::string(slot.substr(0, digit)), std::atoi(std::string(slot.substr(digit)).c_str())};
}

/// "osd[2]" before "osd[10]".
bool name_before(const std::string& a, const std::string& b) {
  const auto bracket_a = a.find('['), bracket_b = b.find('[');
  const auto stem_a = a.substr(0, bracket_a), stem_b = b.substr(0, bracket_b);
  if (stem_a != stem_b || bracket_a == a.npos || bracket_b == b.npos) return a < b;
  const auto key = [](const std::string& text, std::size_t bracket) {
    return std::string_view(text).substr(bracket + 1, text.size() - bracket - 2);
  };
  return schema::compare_keys(key(a, bracket_a), key(b, bracket_b)) < 0;
}

}  // namespace

bool slot_before(std::string_view a, std::string_view b) { return split_slot(a) < split_slot(b); }

std::string SlotChooser::known_slot(const std::string& attribute, const std::string& name,
                                    const Value& part) const {
  auto slot = text_at(part, "slot");
  if (!slot.empty() || row_ == nullptr) return slot;
  if (const auto* owned = row_->owned.find(schema::Path({attribute, name})))
    slot = text_at(*owned, "slot");
  const auto kept = row_->parts.find(attribute + "." + name);
  if (slot.empty() && kept != row_->parts.end()) slot = text_at(kept->second.identity, "slot");
  return slot;
}

bool SlotChooser::has_gateway(const Value& nic) const {
  if (nic.find("gateway") != nullptr) return true;
  const auto ip = text_at(nic, "ip");
  return gateway_pools_ != nullptr && ip.starts_with(kPool) &&
         gateway_pools_->contains(ip.substr(kPool.size()));
}

std::vector<std::string> SlotChooser::in_order(const Value& parts, bool nics) const {
  std::vector<std::string> names;
  for (const auto& [name, part] : parts.as_fields()) names.push_back(name);
  const auto rank = [&](const std::string& name) {
    const bool first = nics ? has_gateway(*parts.find(name)) : name == "os";
    return first ? 0 : 1;
  };
  std::stable_sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    return rank(a) != rank(b) ? rank(a) < rank(b) : name_before(a, b);
  });
  return names;
}

/// What leaves in this plan still lies in its slot while the new part is made.
void SlotChooser::take_leaving(const std::string& attribute) {
  const Value* owned = row_ == nullptr ? nullptr : row_->owned.find(attribute);
  if (owned == nullptr || !owned->has_fields()) return;
  for (const auto& [name, part] : owned->as_fields()) {
    if (const auto slot = text_at(part, "slot"); !slot.empty()) taken_.insert(slot);
  }
}

Value SlotChooser::with_slots(const schema::AttributeSchema& attribute, Value parts) {
  const auto* slot = attribute_of_choice(*attribute.type.object, schema::Choice::slot);
  if (slot == nullptr || !parts.has_fields()) return parts;
  const bool nics = slot->format == schema::Format::nic_slot;
  for (const auto& [name, part] : parts.as_fields()) {
    const auto known = known_slot(attribute.name, name, part);
    if (!known.empty()) taken_.insert(known);
  }
  take_leaving(attribute.name);
  for (const auto& name : in_order(parts, nics)) {
    auto chosen = known_slot(attribute.name, name, *parts.find(name));
    for (int number = 0; chosen.empty(); ++number) {
      auto candidate = (nics ? "net" : "scsi") + std::to_string(number);
      if (taken_.insert(candidate).second) chosen = std::move(candidate);
    }
    parts = parts.with(schema::Path({name, "slot"}), Value::string(std::move(chosen)));
  }
  return parts;
}

std::string MacChooser::choose(const schema::ResourceAddress& address, const std::string& part) {
  const auto digits = model::sha256_hex(seed_ + address.text() + "\n" + part);
  constexpr std::size_t kPairs = 6;
  const auto given = (prefix_.size() + 1) / 3;
  auto number = std::stoull(digits.substr(0, 2 * (kPairs - given)), nullptr, 16);
  for (;;) {
    const auto rest = fmt::format("{:0{}X}", number, 2 * (kPairs - given));
    auto mac = prefix_;
    for (std::size_t i = 0; i < rest.size(); i += 2) mac += ":" + rest.substr(i, 2);
    if (taken_.insert(mac).second) return mac;
    number = (number + 1) % (1ULL << (8 * (kPairs - given)));
  }
}

}  // namespace pveplan::engine
