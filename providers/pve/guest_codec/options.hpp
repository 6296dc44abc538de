#pragma once

#include "schema/attribute.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::pve {

/// How a plain attribute stands in the API.
enum class OptionForm {
  text,
  flag,           ///< 0 or 1
  on_ignore,      ///< `discard`: "on" or "ignore"
  number,         ///< integers and decimals
  mebibytes,      ///< a size in whole MiB
  tags,           ///< a set, joined with `;`
  commas,         ///< a list, joined with `,`
  encoded_lines,  ///< a list of lines, percent-encoded as a whole: SSH keys (FACTS 6.13)
};

/// One attribute and the API option, or the key of a property string, that holds it.
struct Option {
  std::string attribute;
  std::string key;
  OptionForm form = OptionForm::text;
};

/// The attributes of a schema that are one API option each, as their wire form says. Tables, parts,
/// alternatives and secrets are none.
std::vector<Option> options_of(const schema::ObjectSchema& schema);
/// The attributes that are one key of a property string each.
std::vector<Option> properties_of(const schema::ObjectSchema& schema);

/// As the API wants it; nullopt for null.
std::optional<std::string> encode(const Option& option, const schema::Value& value);
/// As the schema wants it; text that is not of the form stays a string.
schema::Value decode(const Option& option, std::string_view text);

/// The first of these options that belongs to the attribute.
const Option* find_option(const std::vector<Option>& options, std::string_view attribute);

}  // namespace pveplan::pve
