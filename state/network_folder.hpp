#pragma once

#include "schema/diagnostic.hpp"
#include "state/store_place.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace pveplan::state {

/// The file system that a folder lies on, as the kernel lists it.
struct Mount {
  std::string type;     ///< "ext4", "nfs4", "fuse.sshfs"
  std::string options;  ///< "rw,relatime,local_lock=all"
};
/// From the text of /proc/self/mountinfo; nullopt where no line fits.
std::optional<Mount> mount_of(std::string_view mountinfo, const std::string& absolute_folder);

/// Whether a lock that is taken there is unknown to other machines that see the same files.
bool locks_stay_here(const Mount& mount);

/// The warning for a state folder whose lock does not keep other machines out.
std::optional<schema::Diagnostic> lock_remark(const StorePlace& place);

}  // namespace pveplan::state
