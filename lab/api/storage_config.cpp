#include "lab/api/storage_config.hpp"

#include "lab/api/storage_types.hpp"
#include "lab/core/call.hpp"
#include "lab/core/digest.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {

using schema::Value;

std::string storage_option(const StorageDefinition& definition, const std::string& name) {
  const auto found = definition.options.find(name);
  return found == definition.options.end() ? std::string{} : found->second;
}

std::string storage_digest(const World& world) {
  std::string text;
  for (const auto& [id, definition] : world.storage.definitions) {
    text += fmt::format("{}: {}\n", definition.type, id);
    for (const auto& [name, value] : definition.options)
      text += fmt::format("\t{} {}\n", name, value);
    text += "\n";
  }
  return sha1_hex(text);
}

Value definition_value(const std::string& id, const StorageDefinition& definition,
                       const std::string& digest) {
  Value::Fields fields{
      {"storage", str(id)}, {"type", str(definition.type)}, {"digest", str(digest)}};
  for (const auto& [name, text] : definition.options) {
    const auto number = is_numeric_option(name) ? to_integer(text) : std::nullopt;
    fields.emplace_back(name, number ? num(*number) : str(text));
  }
  return Value::map(std::move(fields));
}

std::vector<std::string> storage_types(int major) {
  std::vector<std::string> types{"btrfs", "cephfs",  "cifs", "dir", "esxi", "iscsi", "iscsidirect",
                                 "lvm",   "lvmthin", "nfs",  "pbs", "rbd",  "zfs",   "zfspool"};
  if (major < 9) types.insert(types.begin() + 5, "glusterfs");
  return types;
}

}  // namespace pveplan::lab
