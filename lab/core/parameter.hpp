#pragma once

#include "schema/value.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::lab {

struct PropertyFormat;

/// Range of major versions in which something exists.
struct Since {
  int first = 8;
  int last = 99;
  bool covers(int major) const { return major >= first && major <= last; }
};

/// What the real API says about one parameter of a call. Built by the functions below, in tables.
struct Parameter {
  enum class Kind { string, integer, number, boolean, array, object };

  std::string name;  ///< "net[n]" stands for net0, net1 …
  Kind kind = Kind::string;
  Kind item_kind = Kind::string;  ///< of an array
  std::string format;             ///< a named format such as "pve-vmid", see formats.hpp
  /// Keys of a property string; `format` then is only their name, where they have one.
  const PropertyFormat* properties = nullptr;
  bool is_optional = false;
  std::optional<std::int64_t> minimum, maximum;
  std::optional<std::size_t> min_length, max_length;
  std::vector<std::string> values;  ///< enumeration, in the server's order
  std::string pattern;
  std::string needs;             ///< another parameter that must be given with this one
  int highest_index = 0;         ///< of a numbered parameter
  std::string alias, key_alias;  ///< inside property strings: another key's name
  Since since;

  Parameter&& optional() &&;
  Parameter&& between(std::int64_t low, std::int64_t high) &&;
  Parameter&& at_least(std::int64_t low) &&;
  Parameter&& at_most(std::int64_t high) &&;
  Parameter&& length(std::size_t low, std::size_t high) &&;
  Parameter&& up_to(std::size_t longest) &&;
  Parameter&& of_format(std::string named) &&;
  Parameter&& one_of(std::vector<std::string> choices) &&;
  Parameter&& matching(std::string regex) &&;
  Parameter&& with(std::string other) &&;
  Parameter&& numbered_to(int highest) &&;
  Parameter&& made_of(const PropertyFormat& keys) &&;
  Parameter&& only_in(int major) &&;
};

/// A property string such as `net0`: its keys, in the server's words a format of its own.
struct PropertyFormat {
  std::vector<Parameter> keys;
  std::string default_key;
};

Parameter text(std::string name);
Parameter integer(std::string name);
Parameter number(std::string name);
Parameter flag(std::string name);
Parameter list_of(std::string name, Parameter::Kind items);

// The parameters that occur in nearly every call.
Parameter node_name(std::string name = "node");
Parameter guest_id(std::string name = "vmid");
Parameter storage_id(std::string name = "storage");

}  // namespace pveplan::lab
