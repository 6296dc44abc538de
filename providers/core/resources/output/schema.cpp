#include "providers/core/resources/output/schema.hpp"

#include "schema/topology.hpp"

namespace pveplan::core {

using namespace schema;

namespace {

/// Everything but whole references, which take the mark of what they refer to. What they refer to
/// stands in the state anyway.
Value marked(const Value& value) {
  if (value.kind() == Value::Kind::reference && value.as_reference().is_whole()) return value;
  if (value.kind() == Value::Kind::list) {
    Value::List items;
    for (const auto& item : value.as_list()) items.push_back(marked(item));
    return Value::list(std::move(items));
  }
  if (!value.has_fields()) return value.as_sensitive();
  Value::Fields fields;
  for (const auto& [name, inner] : value.as_fields()) fields.emplace_back(name, marked(inner));
  return Value::map(std::move(fields));
}

/// What a sensitive output holds is kept out of state and plan files like any secret.
void mark_sensitive(Resource& resource) {
  const auto* sensitive = resource.attributes.find("sensitive");
  const auto* value = resource.attributes.find("value");
  if (value == nullptr || sensitive == nullptr || *sensitive != Value::boolean(true)) return;
  resource.attributes = resource.attributes.with(Path({"value"}), marked(*value));
}

}  // namespace

ResourceSchema output_schema() {
  ResourceSchema result;
  result.type = std::string(kOutputType);
  result.doc =
      "A value for people and other programs: shown by plan and apply, kept in the state, and "
      "printed by `pveplan output`.";
  result.later_key = "format";
  result.complete = mark_sensitive;
  result.object =
      ObjectBuilder()
          .add(attr("value", any())
                   .required()
                   .effect(EffectRule::none)
                   .doc("Any value, with references: \"${vm.db[*].ip}\"."))
          .add(attr("sensitive", boolean())
                   .effect(EffectRule::none)
                   .doc("true: the value is shown by `pveplan output NAME` alone, and what the "
                        "topology states of it is never stored."))
          .add(attr("doc", string()).effect(EffectRule::none).doc("What the value is for."))
          .build();
  return result;
}

}  // namespace pveplan::core
