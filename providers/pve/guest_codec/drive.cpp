#include "providers/pve/guest_codec/drive.hpp"

#include "providers/pve/coerce.hpp"
#include "providers/pve/guest_codec/options.hpp"
#include "providers/pve/resources/guest_parts/guest_schemas.hpp"
#include "providers/pve/size_text.hpp"

#include <algorithm>

namespace pveplan::pve {
namespace {

using schema::Value;

/// What `disk` states about a drive that exists. The size is the server's, and an import is over.
const std::vector<Option>& drive_options() {
  static const auto kOptions = [] {
    auto options = properties_of(disk_schema());
    std::erase_if(options, [](const Option& option) {
      return option.key == "size" || option.key == "import-from";
    });
    return options;
  }();
  return kOptions;
}

void apply_options(PropertyString& drive, const Value& disk) {
  if (!disk.has_fields()) return;
  for (const auto& [name, value] : disk.as_fields()) {
    const auto* option = find_option(drive_options(), name);
    const auto text = option == nullptr ? std::nullopt : encode(*option, value);
    if (text) drive.set(option->key, *text);
  }
}

}  // namespace

Drive Drive::parse(std::string_view text) {
  Drive drive;
  drive.options_ = PropertyString::parse(text, drive_format());
  return drive;
}

std::string storage_of(std::string_view volume) {
  const auto colon = volume.find(':');
  return colon == volume.npos ? std::string() : std::string(volume.substr(0, colon));
}

std::string Drive::storage() const { return storage_of(volume()); }

std::optional<std::int64_t> Drive::bytes() const { return parse_size_text(options_.text("size")); }

bool Drive::is_cloud_init() const {
  const auto name = volume();
  return is_cdrom() && (name.find("-cloudinit") != name.npos || name.ends_with(":cloudinit"));
}

Value disk_from_drive(const Drive& drive, std::string_view slot) {
  Value::Fields fields{{"slot", Value::string(std::string(slot))}};
  const auto storage = Value::string(drive.storage());
  if (!storage.as_string().empty()) fields.emplace_back("storage", storage);
  if (const auto bytes = drive.bytes()) fields.emplace_back("size", Value::integer(*bytes));
  for (const auto& [key, text] : drive.options().parts()) {
    for (const auto& option : drive_options()) {
      if (option.key == key) fields.emplace_back(option.attribute, decode(option, text));
    }
  }
  return Value::object(std::move(fields));
}

std::string drive_with_options(const Drive& live, const Value& disk) {
  auto options = live.options();
  apply_options(options, disk);
  return options.print();
}

std::string drive_without(const Drive& drive, const std::vector<std::string>& reset) {
  auto options = drive.options();
  for (const auto& name : reset) {
    if (const auto* option = find_option(drive_options(), name)) options.erase(option->key);
  }
  return options.print();
}

std::string new_drive(const Value& disk, const std::string& import_from) {
  PropertyString drive(drive_format());
  const auto storage = text_of(disk, "storage");
  auto existing = text_of(disk, "volume");
  constexpr std::string_view kLive = "live:";
  if (existing.starts_with(kLive)) existing.erase(0, kLive.size());
  if (!existing.empty()) {
    drive.set("file", existing);
  } else if (!import_from.empty()) {
    drive.set("file", storage + ":0");
    drive.set("import-from", import_from);
  } else {
    drive.set("file", storage + ":" + gibibytes_text(integer_of(disk, "size")));
  }
  apply_options(drive, disk);
  return drive.print();
}

bool same_drive(const Drive& a, const Drive& b) {
  auto left = a.options(), right = b.options();
  left.erase("size");
  right.erase("size");
  return left == right;
}

bool is_drive_option(std::string_view attribute) {
  return find_option(drive_options(), attribute) != nullptr;
}

}  // namespace pveplan::pve
