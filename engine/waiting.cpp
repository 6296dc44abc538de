#include "engine/waiting.hpp"

#include "schema/json.hpp"
#include "schema/units.hpp"

namespace pveplan::engine {

using schema::AttributeSchema;
using schema::Path;
using schema::Value;
using TypeKind = schema::Type::Kind;

namespace {

std::string words(const AttributeSchema& attribute, const Value* value) {
  if (value == nullptr || value->is_null()) return "unset";
  if (value->is_string()) return value->as_string();
  if (attribute.type.kind == TypeKind::size && value->kind() == Value::Kind::integer &&
      value->as_integer() >= 0)
    return schema::readable_size(static_cast<std::uint64_t>(value->as_integer()));
  return schema::to_json(*value);
}

/// One text a leaf that differs; of lists, sets and secrets only the name.
void collect(const schema::ObjectSchema& schema, const Value& running, const Value& wanted,
             const Path& at, std::string& text) {
  if (!running.has_fields()) return;
  for (const auto& attribute : schema.attributes) {
    const Value* now = running.find(attribute.name);
    if (now == nullptr) continue;
    const Value* later = wanted.find(attribute.name);
    static const Value kNone;
    const auto& then = later == nullptr ? kNone : *later;
    const auto here = at.child(attribute.name);
    if (attribute.type.kind == TypeKind::object) {
      collect(*attribute.type.object, *now, then, here, text);
      continue;
    }
    if (attribute.type.kind == TypeKind::keyed_part && now->has_fields()) {
      for (const auto& [name, part] : now->as_fields()) {
        const Value* other = then.find(name);
        if (other == nullptr) {
          text += (text.empty() ? "" : ", ") + here.child(name).text() + " removed";
        } else {
          collect(*attribute.type.object, part, *other, here.child(name), text);
        }
      }
      continue;
    }
    text += (text.empty() ? "" : ", ") + here.text();
    const bool plain = !attribute.sensitive && now->kind() != Value::Kind::list;
    if (plain) text += " " + words(attribute, now) + " -> " + words(attribute, later);
  }
}

}  // namespace

std::string waiting_for_restart(const schema::ObjectSchema& schema, const model::LiveObject& live) {
  std::string text;
  collect(schema, live.running, live.attributes, Path(), text);
  const Value* cloud_init = live.facts.find("awaits_start");
  const bool waits = cloud_init != nullptr && cloud_init->kind() == Value::Kind::boolean &&
                     cloud_init->as_boolean();
  if (waits) text += (text.empty() ? "" : ", ") + std::string("cloud-init settings");
  return text;
}

}  // namespace pveplan::engine
