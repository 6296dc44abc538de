#pragma once

#include <span>
#include <string>
#include <string_view>

namespace pveplan::lab {

std::string to_hex(std::span<const unsigned char> bytes);
std::string sha1_hex(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);
/// Base64 without padding of an HMAC-SHA-256, as the server signs its tickets' companions.
std::string keyed_signature(std::string_view key, std::string_view bytes);

}  // namespace pveplan::lab
