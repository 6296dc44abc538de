#include "providers/core/resources/record/schema.hpp"

namespace pveplan::core {

using namespace schema;

ResourceSchema record_schema() {
  ResourceSchema result;
  result.type = "record";
  result.doc =
      "Values without a remote object: to name what several resources share, to hand something to "
      "a "
      "script, or to try pveplan without a server.";
  result.repeatable = true;
  result.object = ObjectBuilder()
                      .add(attr("input", any())
                               .effect(EffectRule::none)
                               .doc("Any value. A change is an update in place."))
                      .add(attr("id", string())
                               .chosen(Choice::hash_id)
                               .effect(EffectRule::identity)
                               .doc("A number in hexadecimal that stays the same for life."))
                      .add(attr("output", any()).computed().doc("The value of `input`."))
                      .build();
  return result;
}

}  // namespace pveplan::core
