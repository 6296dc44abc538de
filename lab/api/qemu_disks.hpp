#pragma once

#include "lab/api/qemu_drive.hpp"
#include "lab/world/world.hpp"

#include <expected>
#include <functional>
#include <string>
#include <vector>

/// The volumes of virtual machines: what drives ask for is made, filled, detached and destroyed.
namespace pveplan::lab {

using LogSink = std::function<void(std::string)>;

/// Where drives are made and who tells about it.
struct DiskPlace {
  World& world;
  std::string node;
  int vmid = 0;
  std::string default_storage;
  LogSink log;
};

/// Makes what the drives ask for and gives their values as the config keeps them. Volumes that were
/// made are appended to `made`, also when it fails; the error is the server's text.
std::expected<GuestOptions, std::string> make_disks(const DiskPlace& place,
                                                    const GuestOptions& drives,
                                                    std::vector<std::string>& made);

/// A full copy of a volume for a drive.
struct CopyWish {
  std::string drive;    ///< scsi0; empty for a file of content import
  std::string source;   ///< volid
  std::string storage;  ///< target
  std::string format;   ///< empty: that of the source where the target knows it
  bool cloud_init = false;
  bool efi = false;
  bool quiet = false;  ///< the source was named by its path
};
struct Copied {
  std::string volid;
  std::int64_t size = 0;
};
std::expected<Copied, std::string> copy_volume(const DiskPlace& place, const CopyWish& wish);

/// The same volume as a drive of a template's clone that shares its data.
std::expected<Copied, std::string> link_volume(const DiskPlace& place, const std::string& drive,
                                               const std::string& source);
/// Whether clones of that volume can share its data.
bool can_be_linked(const World& world, const std::string& volid);

/// Whether the volume's name says that it belongs to the guest.
bool is_owned(const World& world, const std::string& volid, int vmid);
/// Keeps a volume that is no longer attached, as the lowest free unusedN.
void keep_unused(const World& world, int vmid, Guest& guest, const Drive& drive);
/// Takes a volume away, unless it belongs to someone else. Errors of the storage go to the log.
void free_owned(const DiskPlace& place, const std::string& volid);

/// What a running machine's drive tells about its way to another volume. A clone stops before the
/// drive would move.
void log_mirror(const DiskPlace& place, const std::string& drive, bool for_clone);

/// What copying the volume costs in time.
std::int64_t bytes_to_copy(const World& world, const std::string& volid, const std::string& node);

}  // namespace pveplan::lab
