#include "lab/api/qemu_drive.hpp"

#include "lab/api/qemu_formats.hpp"
#include "lab/core/text.hpp"
#include "lab/core/validate.hpp"
#include "lab/world/volumes.hpp"

#include <array>
#include <cmath>
#include <regex>

namespace pveplan::lab {
namespace {

constexpr double kGiBinBytes = 1024.0 * 1024 * 1024;

}  // namespace

std::string Drive::key(const std::string& name) const {
  const auto found = keys.find(name);
  return found == keys.end() ? std::string{} : found->second;
}

bool Drive::is_cloud_init() const {
  return is_cdrom() && matches(file, "[^:]+:(.*/)?vm-[0-9]+-cloudinit(\\..+)?");
}

std::optional<Drive> parse_drive(int major, const std::string& text) {
  const auto parsed = parse_property_string(any_drive_format(major), text, {}, {major});
  if (!parsed) return std::nullopt;
  Drive drive{{}, *parsed};
  drive.file = drive.key("file");
  drive.keys.erase("file");
  return drive;
}

std::string print_drive(const Drive& drive) {
  std::string text = drive.file;
  for (const auto& [name, value] : drive.keys) {
    const auto bytes = name == "size" ? size_bytes(value) : std::nullopt;
    text += "," + name + "=" + (bytes ? size_text(*bytes) : value);
  }
  return text;
}

bool is_drive_name(std::string_view name) {
  return matches(name,
                 "ide[0-3]|sata[0-5]|scsi([12]?[0-9]|30)|virtio([0-9]|1[0-5])|efidisk0|tpmstate0");
}

bool is_unused_name(std::string_view name) { return matches(name, "unused[0-9]+"); }

std::optional<NewDisk> parse_new_disk(const std::string& file) {
  static const std::regex kNewDisk("(?:([^/:\\s]+):)?([0-9]+(?:\\.[0-9]+)?)");
  std::smatch match;
  if (!std::regex_match(file, match, kNewDisk)) return std::nullopt;
  return NewDisk{match[1], match[2]};
}

std::optional<std::string> parse_new_cloud_init(const std::string& file) {
  if (!file.ends_with(":cloudinit")) return std::nullopt;
  return file.substr(0, file.rfind(':'));
}

std::int64_t bytes_of_gib(const std::string& gib) {
  return static_cast<std::int64_t>(std::ceil(std::stod(gib) * kGiBinBytes / 1024)) * 1024;
}

std::string size_text(std::int64_t bytes) {
  constexpr std::array<char, 4> kUnits{'T', 'G', 'M', 'K'};
  std::int64_t unit = 1LL << 40;
  for (const char name : kUnits) {
    if (bytes % unit == 0) return std::to_string(bytes / unit) + name;
    unit >>= 10;
  }
  return std::to_string(bytes);
}

std::optional<std::int64_t> size_bytes(std::string_view text) {
  static const std::regex kSize("([0-9]+(?:\\.[0-9]+)?)([KMGT]?)(?:iB)?");
  std::match_results<std::string_view::const_iterator> match;
  if (!std::regex_match(text.begin(), text.end(), match, kSize)) return std::nullopt;
  static const std::string kUnits = "KMGT";
  double value = std::stod(match[1].str());
  if (match[2].length() > 0) {
    for (std::size_t i = 0; i <= kUnits.find(match[2].str()); ++i) value *= 1024;
  }
  return static_cast<std::int64_t>(std::floor(value));
}

}  // namespace pveplan::lab
