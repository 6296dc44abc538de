#pragma once

#include "tests/simulation/rig.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace pveplan::sim {

/// Guests of a topology by their address, as their markers say.
std::map<std::string, int> marked_guests(const Rig& rig);

/// Everybody else who works on the cluster: they edit, delete, move, lock and restore guests, take
/// numbers, fill storages and switch nodes off. What stands in the way of pveplan is remembered
/// with the words by which a message must name it, and with its cure.
class Strangers {
 public:
  Strangers(Rig& rig, SimRandom& draws);

  /// Something that people do to a cluster with other things in it.
  void meddle();
  /// What they may do while pveplan runs.
  void meddle_meanwhile();
  /// Removes the first obstacle that the text names, as its message asks. False: it names none.
  bool cure(const std::string& told);
  /// What belongs to strangers is as they left it, to the last byte.
  std::string damage() const;
  /// Addresses whose guest somebody deleted, replaced or damaged.
  const std::set<std::string>& hurt() const { return hurt_; }
  bool owns(int vmid) const { return guests_.contains(vmid); }
  /// Says what they did, for messages.
  std::string deeds() const;

 private:
  struct Obstacle {
    std::vector<std::string> words;  ///< one of them must be in the message
    std::function<void()> cure;
  };

  int make_guest(int vmid, const std::string& node);
  void note(std::string deed) { deeds_.push_back(std::move(deed)); }
  std::string any_node();
  void watch(int vmid);
  std::string seen(int vmid) const;

  void edit_option(const std::string& address, int vmid);
  void delete_guest(const std::string& address, int vmid);
  void move_guest(const std::string& address, int vmid);
  void lock_guest(const std::string& address, int vmid);
  void restore_guest(const std::string& address, int vmid);
  void free_pending_volumes(int vmid);
  void take_number(const std::string& address, int vmid);
  void add_part(const std::string& address, int vmid);
  void switch_power(const std::string& address, int vmid);
  void join_pool();
  void remove_pool();
  void empty_pools();
  void fill_storage();
  void switch_node_off();

  Rig& rig_;
  SimRandom& draws_;
  std::map<int, std::string> guests_;  ///< of theirs, as they left them
  std::vector<Obstacle> obstacles_;
  std::set<std::string> hurt_;
  std::vector<std::string> deeds_;
  int next_vmid_ = 900;
};

}  // namespace pveplan::sim
