#include "lab/api/storage_files.hpp"

#include "lab/core/text.hpp"

#include <fmt/format.h>

#include <regex>

namespace pveplan::lab {
namespace {

/// Without folders, every unusual character as an underscore.
std::string cleaned_name(const std::string& name) {
  static const std::regex kUnusual("[^A-Za-z0-9_.\\-]");
  return std::regex_replace(name.substr(name.find_last_of("/\\") + 1), kUnusual, "_");
}

bool has_right_suffix(const std::string& content, const std::string& file) {
  if (content == "iso") return matches(file, ".+\\.([Ii][Ss][Oo]|[Ii][Mm][Gg])");
  if (content == "vztmpl") return matches(file, ".+\\.tar\\.(gz|xz|zst|bz2)|.+\\.tar");
  return matches(file, ".+\\.(ova|qcow2|raw|vmdk)");
}

}  // namespace

Attempt<std::string> incoming_volume(const std::string& storage, const std::string& content,
                                     const std::string& file_name) {
  const std::string file = cleaned_name(file_name);
  if (!has_right_suffix(content, file)) {
    return bad_parameter("filename", content == "import" ? "invalid filename or wrong extension"
                                                         : "wrong file extension");
  }
  return fmt::format("{}:{}/{}", storage, content, file);
}

void keep_file(World& world, const std::string& volid, const std::string& node,
               const IncomingFile& file) {
  const VolumeId id = *parse_volume_id(volid);
  const auto name = parse_volume_name(world.storage.definitions.at(id.storage), id.name);
  Volume volume;
  volume.content = name->content;
  volume.format = name->format;
  volume.used = file.size;
  volume.size = file.virtual_size > 0 && name->content == "import" ? file.virtual_size : file.size;
  volume.created = unix_seconds(world.now);
  volume.checksums = file.checksums;
  volume.source = file.source;
  world.storage.volumes[id.storage][volume_place(world.storage, id.storage, node)][id.name] =
      std::move(volume);
}

bool is_mislabelled(const std::string& volid, const IncomingFile& file) {
  return volid.ends_with(".qcow2") && volid.find(":import/") != std::string::npos &&
         file.format != "qcow2";
}

}  // namespace pveplan::lab
