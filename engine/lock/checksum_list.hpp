#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pveplan::engine {

/// Finds the checksum of a file in what publishers offer, as "sha256:…": lists such as SHA256SUMS
/// and SHA512SUMS ("digits  name", "digits *name"), BSD style ("SHA256 (name) = digits"), signed or
/// commented ones, and a file that holds nothing but the digits of one file.
std::optional<std::string> find_checksum(std::string_view list, std::string_view file_name);

}  // namespace pveplan::engine
