#pragma once

#include "lab/api/storage_access.hpp"

#include <string>

/// Files that come to a storage from outside, by download or upload.
namespace pveplan::lab {

/// The volid that a file of that name will have: names are cleaned as the server cleans them, and
/// a suffix that does not fit the content is refused.
Attempt<std::string> incoming_volume(const std::string& storage, const std::string& content,
                                     const std::string& file_name);

/// What is known of a file before it becomes a volume.
struct IncomingFile {
  std::int64_t size = 0, virtual_size = 0;
  std::string format;  ///< what the bytes are: "qcow2" or anything else
  std::map<std::string, std::string> checksums;
  std::string source;
};
/// Puts the file there, over what may have been there.
void keep_file(World& world, const std::string& volid, const std::string& node,
               const IncomingFile& file);

/// Whether a name that promises a qcow2 or vmdk lies about the bytes.
bool is_mislabelled(const std::string& volid, const IncomingFile& file);

}  // namespace pveplan::lab
