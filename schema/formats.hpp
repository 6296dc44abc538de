#pragma once

#include "schema/attribute.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace pveplan::schema {

/// The canonical spelling of a text in that format, or a whole sentence that says what is wrong and
/// what to write. Formats that need files (file, ssh_key) answer the text as it is.
std::expected<std::string, std::string> check_format(Format format, std::string_view text);

/// "an address with its prefix such as 10.0.0.5/24": for messages and reference pages.
std::string_view format_words(Format format);

/// A public key as it stands in authorized_keys: begins with a key type.
bool is_public_key(std::string_view line);

}  // namespace pveplan::schema
