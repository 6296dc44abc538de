#pragma once

#include "engine/choose/choose.hpp"

namespace pveplan::engine {

/// Slots of disks and NICs: stated ones, remembered ones, then the lowest free ones. Disks go "os"
/// first, then by name; NICs with a gateway (their own, or the one of their pool) first.
class SlotChooser {
 public:
  SlotChooser(const model::Row* row, std::set<std::string> occupied)
      : row_(row), taken_(std::move(occupied)) {}

  /// Pools that have a gateway, by name.
  void set_pools_with_gateway(const std::set<std::string>* pools) { gateway_pools_ = pools; }

  /// `parts` is a keyed part of the resource with every slot filled in.
  schema::Value with_slots(const schema::AttributeSchema& attribute, schema::Value parts);

 private:
  std::string known_slot(const std::string& attribute, const std::string& name,
                         const schema::Value& part) const;
  std::vector<std::string> in_order(const schema::Value& parts, bool nics) const;
  bool has_gateway(const schema::Value& nic) const;
  void take_leaving(const std::string& attribute);

  const model::Row* row_;
  std::set<std::string> taken_;
  const std::set<std::string>* gateway_pools_ = nullptr;
};

/// Names of slots compare by bus, then by number: "scsi2" before "scsi10".
bool slot_before(std::string_view a, std::string_view b);

/// MACs from a hash of cluster, topology, address and part, so that they stay the same as long as
/// these do; on a collision the next number is taken.
class MacChooser {
 public:
  MacChooser(std::string cluster, std::string topology, std::string prefix)
      : seed_(std::move(cluster) + "\n" + std::move(topology) + "\n"), prefix_(std::move(prefix)) {}
  void take(const std::string& mac) { taken_.insert(mac); }
  std::string choose(const schema::ResourceAddress& address, const std::string& part);

 private:
  std::string seed_;
  std::string prefix_;
  std::set<std::string> taken_;
};

}  // namespace pveplan::engine
