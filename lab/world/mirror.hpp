#pragma once

#include "lab/world/storage.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// The files of the world's mirror. Their bytes are made up, but always the same for the same entry
/// of the table, so that they can be served, checked and asked for in parts.
namespace pveplan::lab {

/// At most `count` bytes from `offset` on; images begin as their format demands.
std::string mirror_bytes(const MirrorFile& file, std::int64_t offset, std::int64_t count);

/// Lower-case hex of "sha256", "sha512", "md5" …: what the table says, or the sum of the bytes,
/// which the table then keeps. Empty for an algorithm that does not exist.
std::string mirror_checksum(MirrorFile& file, const std::string& algorithm);

/// The sum of bytes that are there.
std::string checksum_of(std::string_view bytes, const std::string& algorithm);

/// "http://127.0.0.1:8099/a/b.iso" → "127.0.0.1:8099".
std::string url_authority(std::string_view url);
/// The last piece of its path.
std::string url_file(std::string_view url);

/// What a web server calls the type of a file.
std::string media_type_of(std::string_view file_name);

/// The size that a qcow2's first bytes tell; 0 when they are no qcow2.
std::int64_t qcow2_virtual_size(std::string_view bytes);

}  // namespace pveplan::lab
