#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pveplan::lab {

/// A drive option taken apart, with or without what only requests have (`format`, `import-from`).
struct Drive {
  std::string file;  ///< a volid, "none", "cdrom", a path, or in requests "local-lvm:8"
  std::map<std::string, std::string> keys;

  std::string key(const std::string& name) const;
  bool is_cdrom() const { return key("media") == "cdrom"; }
  bool is_cloud_init() const;
  /// No volume behind it.
  bool is_empty() const { return file == "none" || file == "cdrom" || file.empty(); }
};

/// nullopt when the text is no drive. `major` decides which keys there are.
std::optional<Drive> parse_drive(int major, const std::string& text);
/// As the config holds it: the file first, the rest sorted, the size in its largest exact unit.
std::string print_drive(const Drive& drive);

/// A name such as scsi0, efidisk0 or tpmstate0; unused ones do not count.
bool is_drive_name(std::string_view name);
bool is_unused_name(std::string_view name);

/// "8" or "local-lvm:8": what makes a new disk.
struct NewDisk {
  std::string storage;  ///< empty: the default of the call
  std::string size;     ///< GiB
};
std::optional<NewDisk> parse_new_disk(const std::string& file);
/// "local:cloudinit": the storage on which a cloud-init drive is to be made.
std::optional<std::string> parse_new_cloud_init(const std::string& file);

/// GiB with a fraction as bytes, rounded up to whole KiB.
std::int64_t bytes_of_gib(const std::string& gib);
/// "10G", "528K", plain digits when not a multiple of a KiB.
std::string size_text(std::int64_t bytes);
/// "1536M" as bytes; nullopt when it is no size.
std::optional<std::int64_t> size_bytes(std::string_view text);

}  // namespace pveplan::lab
