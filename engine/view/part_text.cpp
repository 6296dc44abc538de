#include "engine/view/part_text.hpp"

#include "engine/view/text.hpp"

#include <array>

namespace pveplan::view {

using schema::Value;

namespace {

/// What everybody knows by its look comes first and without its name.
constexpr std::array<std::string_view, 6> kBare = {"size", "bridge", "ip", "ip6", "mac", "slot"};

std::string words(const schema::AttributeSchema& attribute, const Value& value) {
  auto text = value_text(&attribute, value);
  if (value.kind() == Value::Kind::boolean)
    return value.as_boolean() ? attribute.name : "no " + attribute.name;
  for (const auto bare : kBare) {
    if (attribute.name == bare) return text;
  }
  return attribute.name + " " + text;
}

}  // namespace

std::string part_text(const schema::AttributeSchema& attribute, const Value& part) {
  const auto& object = *attribute.type.object;
  std::string text;
  const auto add = [&text](const std::string& piece, const char* separator) {
    text += (text.empty() ? "" : separator) + piece;
  };
  for (const auto bare : kBare) {
    const auto* value = part.find(bare);
    const auto* found = object.find(bare);
    if (value != nullptr && found != nullptr) add(words(*found, *value), ", ");
    const auto* storage = part.find("storage");
    if (bare == "size" && storage != nullptr && storage->is_string())
      add("on " + storage->as_string(), " ");
  }
  for (const auto& inner : object.attributes) {
    const auto* value = part.find(inner.name);
    bool told = inner.name == "storage";
    for (const auto bare : kBare) told = told || inner.name == bare;
    if (value != nullptr && !told) add(words(inner, *value), ", ");
  }
  return text.empty() ? "as it is made" : text;
}

}  // namespace pveplan::view
