#include "lab/core/parameter.hpp"

#include <utility>

namespace pveplan::lab {
namespace {

Parameter make(std::string name, Parameter::Kind kind) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.kind = kind;
  return parameter;
}

}  // namespace

Parameter&& Parameter::optional() && {
  is_optional = true;
  return std::move(*this);
}

Parameter&& Parameter::between(std::int64_t low, std::int64_t high) && {
  minimum = low;
  maximum = high;
  return std::move(*this);
}

Parameter&& Parameter::at_least(std::int64_t low) && {
  minimum = low;
  return std::move(*this);
}

Parameter&& Parameter::at_most(std::int64_t high) && {
  maximum = high;
  return std::move(*this);
}

Parameter&& Parameter::length(std::size_t low, std::size_t high) && {
  min_length = low;
  max_length = high;
  return std::move(*this);
}

Parameter&& Parameter::up_to(std::size_t longest) && {
  max_length = longest;
  return std::move(*this);
}

Parameter&& Parameter::of_format(std::string named) && {
  format = std::move(named);
  return std::move(*this);
}

Parameter&& Parameter::one_of(std::vector<std::string> choices) && {
  values = std::move(choices);
  return std::move(*this);
}

Parameter&& Parameter::matching(std::string regex) && {
  pattern = std::move(regex);
  return std::move(*this);
}

Parameter&& Parameter::with(std::string other) && {
  needs = std::move(other);
  return std::move(*this);
}

Parameter&& Parameter::numbered_to(int highest) && {
  highest_index = highest;
  return std::move(*this);
}

Parameter&& Parameter::made_of(const PropertyFormat& keys) && {
  properties = &keys;
  return std::move(*this);
}

Parameter&& Parameter::only_in(int major) && {
  since = {major, major == 9 ? Since{}.last : major};
  return std::move(*this);
}

Parameter text(std::string name) { return make(std::move(name), Parameter::Kind::string); }
Parameter integer(std::string name) { return make(std::move(name), Parameter::Kind::integer); }
Parameter number(std::string name) { return make(std::move(name), Parameter::Kind::number); }
Parameter flag(std::string name) { return make(std::move(name), Parameter::Kind::boolean); }

Parameter list_of(std::string name, Parameter::Kind items) {
  Parameter parameter = make(std::move(name), Parameter::Kind::array);
  parameter.item_kind = items;
  return parameter;
}

Parameter node_name(std::string name) { return text(std::move(name)).of_format("pve-node"); }

Parameter guest_id(std::string name) {
  return integer(std::move(name)).of_format("pve-vmid").between(100, 999999999);
}

Parameter storage_id(std::string name) { return text(std::move(name)).of_format("pve-storage-id"); }

}  // namespace pveplan::lab
