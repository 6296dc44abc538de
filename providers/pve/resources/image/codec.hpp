#pragma once

#include "schema/value.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace pveplan::pve {

/// A pinned checksum: "sha256:…", or the digits alone, whose number tells the algorithm.
struct Checksum {
  std::string algorithm;
  std::string digits;  ///< lower case
};
std::optional<Checksum> parse_checksum(std::string_view text);

/// The content type that the image is stored as: `import`, `iso` or `vztmpl`.
std::string image_content(const schema::Value& attributes);

/// The file's name on the storage: `name`, else the block's name and 12 digits of the pinned
/// checksum, and a suffix that the content type accepts (FACTS 14.5).
std::string image_file_name(const std::string& block, const schema::Value& attributes);

/// "local:import/debian12-0123456789ab.qcow2"
std::string image_volume(const std::string& block, const schema::Value& attributes);
/// The file name inside a volume id.
std::string file_of_volume(const std::string& volid);

/// Why the API cannot place such an image; empty when it can.
std::string image_refusal(const schema::Value& attributes);

}  // namespace pveplan::pve
