#pragma once

#include "providers/async/host.hpp"
#include "schema/diagnostic.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::state {

/// Sizes that tests make small.
struct StoreLimits {
  std::uint64_t smallest_journal = 1U << 20U;  ///< bytes before a running journal is absorbed
  std::size_t backups = 10;                    ///< generations kept
};

/// Where a state lies, and the outside world that it is kept with. Copied freely.
struct StorePlace {
  async::Files& files;
  async::Random& random;
  async::Clock& clock;
  async::Environment& environment;
  std::string directory;
  std::string program;  ///< version of this program
  StoreLimits limits;

  std::string snapshot() const { return directory + "/state.json"; }
  std::string journal() const { return directory + "/journal"; }
  std::string remote_trace() const { return directory + "/remote.json"; }
  std::string lock() const { return directory + "/lock"; }
  std::string backups() const { return directory + "/backups"; }
  std::string backup(std::uint64_t serial) const;
  std::string who() const;  ///< "user@host"
  std::string now() const;  ///< RFC 3339, UTC
};

inline constexpr unsigned kFileMode = 0600;
inline constexpr unsigned kFolderMode = 0700;

/// Makes the folder and what is missing above it.
schema::Result<void> make_folder(async::Files& files, const std::string& path);
/// Makes sure that a crash does not take the folder away, nor the one that it lies in: an earlier
/// process may have made them and died.
schema::Result<void> sync_above(async::Files& files, const std::string& folder);

/// Replaces a file so that a crash leaves either the old or the new content. The first step writes
/// and syncs a temporary file beside it; its failure changes nothing.
schema::Result<void> prepare_file(async::Files& files, const std::string& path,
                                  std::string_view bytes);
/// The second step renames and syncs the folder. After its failure nobody knows which content
/// stays.
schema::Result<void> commit_file(async::Files& files, const std::string& path);
/// Both.
schema::Result<void> replace_file(async::Files& files, const std::string& path,
                                  std::string_view bytes);

/// Removes a file, if there is one, so that it does not come back after a crash.
schema::Result<void> remove_durably(async::Files& files, const std::string& path);

/// Serials of the files in the backup folder, the largest first.
std::vector<std::uint64_t> backup_serials(const StorePlace& place);
/// Keeps the newest `limits.backups` files of the backup folder.
void prune_backups(const StorePlace& place);

/// "State cannot be written" and the like, with what the system said.
schema::Diagnostic cannot(const char* summary, const async::FileError& problem);

}  // namespace pveplan::state
