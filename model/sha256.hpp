#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pveplan::model {

/// SHA-256 as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

/// CRC-32C (Castagnoli), as the journal's records carry it.
std::uint32_t crc32c(std::string_view bytes);

}  // namespace pveplan::model
