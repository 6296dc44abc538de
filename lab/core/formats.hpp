#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pveplan::lab {

/// Checks a text against a named format of the API, "-list" and "-opt" suffixes included. Returns
/// the server's complaint without its newline, or nothing when the text is fine. Formats that the
/// lab does not know accept everything.
std::optional<std::string> check_format(const std::string& format, const std::string& text,
                                        int major);

/// Whether the lab has a rule for that format (a test asks this of every endpoint).
bool knows_format(const std::string& format);

bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);
/// "10.0.0.1/24": address and a prefix length in range.
bool is_ipv4_cidr(std::string_view text);
bool is_ipv6_cidr(std::string_view text);

}  // namespace pveplan::lab
