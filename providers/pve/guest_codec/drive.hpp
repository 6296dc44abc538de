#pragma once

#include "providers/pve/property_string.hpp"
#include "schema/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pveplan::pve {

/// One drive of a VM's config: `STORAGE:VOLUME,key=value…`.
class Drive {
 public:
  Drive() {}
  static Drive parse(std::string_view text);

  std::string volume() const { return options_.text("file"); }  ///< "none" for an empty CD drive
  std::string storage() const;
  std::optional<std::int64_t> bytes() const;
  bool is_cdrom() const { return options_.text("media") == "cdrom"; }
  bool is_cloud_init() const;
  const PropertyString& options() const { return options_; }

 private:
  PropertyString options_{drive_format()};
};

/// The part of a volume id before the colon.
std::string storage_of(std::string_view volume);

/// `disk.NAME` as it is: storage, slot, size and the options that the language has.
schema::Value disk_from_drive(const Drive& drive, std::string_view slot);

/// A drive that exists, with the options that `disk` states: its volume and everything that the
/// language does not know stay as they are. An option that `disk` lacks stays too.
std::string drive_with_options(const Drive& live, const schema::Value& disk);
/// The same, and options named in `reset` go back to the server's default.
std::string drive_without(const Drive& drive, const std::vector<std::string>& reset);

/// A disk that is to be made: empty, from an image's volume, or an existing volume.
std::string new_drive(const schema::Value& disk, const std::string& import_from);

/// Whether two drives say the same but for `size`, which only the server sets.
bool same_drive(const Drive& a, const Drive& b);

/// The attributes of a disk that are options of its drive.
bool is_drive_option(std::string_view attribute);

}  // namespace pveplan::pve
