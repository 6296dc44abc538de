#pragma once

#include "tests/support/sim_random.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pveplan::sim {

/// How a machine went down.
enum class Crash {
  process_killed,  ///< kill -9: what was written stays, locks are released
  power_lost,      ///< what was not synced may be gone
};

/// One file or folder. `content` is what readers see, `durable` what a power loss cannot take.
class Inode {
 public:
  bool directory = false;
  unsigned mode = 0;
  std::string content;
  std::string durable;
  bool replaced = false;       ///< truncated since the last sync, so the old content may come back
  std::uint64_t reserved = 0;  ///< bytes that a preallocation has set aside
  std::uint64_t lock = 0;      ///< who holds the flock; 0 = nobody

  void sync() {
    durable = content;
    replaced = false;
  }
  /// The kernel reports a failed sync once and then takes the pages for clean: what they held never
  /// reaches the disk, although a later sync succeeds.
  void fail_sync();

 private:
  friend class SimDisk;
  void lose_power(SimRandom& draws);
};
using InodeRef = std::shared_ptr<Inode>;

/// A file system that remembers what is durable. Creating, renaming and removing become durable
/// when the folder is synced; until then a power loss undoes them, the latest first. Paths are
/// absolute.
class SimDisk {
 public:
  explicit SimDisk(SimRandom& draws);

  InodeRef find(const std::string& path) const;
  /// One change of names, all of it or nothing; a null reference removes the name.
  using Names = std::vector<std::pair<std::string, InodeRef>>;
  void change_names(const Names& names);
  void sync_directory(const std::string& path);
  std::vector<std::string> list(const std::string& path) const;

  /// Bytes that all files together may use; without it there is no limit.
  void set_capacity(std::optional<std::uint64_t> bytes) { capacity_ = bytes; }
  /// How many of `bytes` can be appended to the file.
  std::uint64_t room_for(const Inode& inode, std::uint64_t bytes) const;

  void crash(Crash kind);
  std::uint64_t new_lock() { return ++last_lock_; }

  /// What tests look at: nullopt when absent. And what a test finds there before the first run.
  std::optional<std::string> content(const std::string& path) const;
  void place(const std::string& path, std::string content, unsigned mode = 0644);

  static std::string parent(const std::string& path);

 private:
  void drop_orphans();

  SimRandom& draws_;
  std::map<std::string, InodeRef> names_;
  std::map<std::string, InodeRef> durable_names_;
  std::vector<Names> unsynced_;
  std::optional<std::uint64_t> capacity_;
  std::uint64_t last_lock_ = 0;
};

}  // namespace pveplan::sim
