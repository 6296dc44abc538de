#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pveplan::model {

/// What the storages tell of a guest's backups.
struct BackupFacts {
  std::string volume;                  ///< the newest one; empty: none was seen
  std::string storage;                 ///< where it lies
  std::int64_t taken_at = 0;           ///< seconds since 1970
  bool verified = false;               ///< by the backup server, without a fault
  std::vector<std::string> looked_at;  ///< storages that were listed
  /// Why there may be more, or newer ones: "the token lacks VM.Backup on /vms/231".
  std::vector<std::string> hidden;

  friend bool operator==(const BackupFacts&, const BackupFacts&) = default;
};

/// What of a change's losses the last backup holds.
struct Backup {
  BackupFacts seen;
  std::vector<std::string> covers;      ///< "disk.os"
  std::vector<std::string> leaves_out;  ///< "disk.data (backup = false)"

  friend bool operator==(const Backup&, const Backup&) = default;
};

}  // namespace pveplan::model
