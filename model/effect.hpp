#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::model {

/// What a change does to the availability of its object. Ordered: the worst one wins.
enum class Availability { none, live, disturb, restart, stop };
std::string_view name(Availability availability);

/// What a change does to data.
struct DataEffect {
  enum class Kind { copy, loss } kind = Kind::loss;
  std::uint64_t bytes = 0;
  std::string volume;  ///< "disk.data 500 GiB (local-lvm)": which data, for people

  friend bool operator==(const DataEffect&, const DataEffect&) = default;
};

/// Both axes, and what else a reviewer must know.
struct Effects {
  Availability availability = Availability::none;
  std::vector<DataEffect> data;
  bool waits_for_restart = false;  ///< will be pending until somebody restarts the guest
  std::string interrupts_node;     ///< not empty: the network of that node is reloaded
  bool may_lock_out = false;
  std::vector<std::string> lost_snapshots;  ///< names of those that go with their guest

  std::uint64_t lost_bytes() const;
  /// Also where nobody knows how much: a volume without a size.
  bool loses_data() const;
  std::uint64_t copied_bytes() const;
  void merge(const Effects& other);
  friend bool operator==(const Effects&, const Effects&) = default;
};

}  // namespace pveplan::model
