#include "model/effect.hpp"

#include <algorithm>

namespace pveplan::model {

std::string_view name(Availability availability) {
  switch (availability) {
    case Availability::none:
      return "none";
    case Availability::live:
      return "live";
    case Availability::disturb:
      return "disturb";
    case Availability::restart:
      return "restart";
    case Availability::stop:
      return "stop";
  }
  return "none";
}

namespace {

std::uint64_t sum(const std::vector<DataEffect>& effects, DataEffect::Kind kind) {
  std::uint64_t bytes = 0;
  for (const auto& effect : effects) {
    if (effect.kind == kind) bytes += effect.bytes;
  }
  return bytes;
}

}  // namespace

std::uint64_t Effects::lost_bytes() const { return sum(data, DataEffect::Kind::loss); }
bool Effects::loses_data() const {
  return std::any_of(data.begin(), data.end(),
                     [](const auto& each) { return each.kind == DataEffect::Kind::loss; });
}
std::uint64_t Effects::copied_bytes() const { return sum(data, DataEffect::Kind::copy); }

void Effects::merge(const Effects& other) {
  availability = std::max(availability, other.availability);
  data.insert(data.end(), other.data.begin(), other.data.end());
  waits_for_restart = waits_for_restart || other.waits_for_restart;
  if (interrupts_node.empty()) interrupts_node = other.interrupts_node;
  may_lock_out = may_lock_out || other.may_lock_out;
  lost_snapshots.insert(lost_snapshots.end(), other.lost_snapshots.begin(),
                        other.lost_snapshots.end());
}

}  // namespace pveplan::model
