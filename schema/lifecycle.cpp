#include "schema/lifecycle.hpp"

#include "schema/resource_schema.hpp"

#include <algorithm>

namespace pveplan::schema {

const std::vector<AttributeSchema>& lifecycle_attributes() {
  static const std::vector<AttributeSchema> kAttributes = {
      attr("manage", string())
          .values({"full", "observe"})
          .effect(EffectRule::none)
          .default_always(Value::string("full"))
          .doc(
              "\"observe\": the object is read, compared and may be referred to, and pveplan never "
              "writes or removes it.")
          .build(),
      attr("ignore", list_of(string()))
          .effect(EffectRule::none)
          .doc("Attributes that others may change once the object exists, such as \"tags\" or "
               "\"nic.lan.vlan\": used when it is made, then left alone.")
          .build(),
      attr("allow_replace", boolean())
          .effect(EffectRule::none)
          .default_always(Value::boolean(false))
          .doc("true: a change that cannot be made on the living object destroys it and makes it "
               "anew, with everything that this loses; false: such a change is refused.")
          .build(),
  };
  return kAttributes;
}

bool is_lifecycle_key(std::string_view key) {
  const auto& attributes = lifecycle_attributes();
  return std::any_of(attributes.begin(), attributes.end(),
                     [key](const AttributeSchema& each) { return each.name == key; });
}

}  // namespace pveplan::schema
