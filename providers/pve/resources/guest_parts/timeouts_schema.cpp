#include "providers/pve/resources/guest_parts/guest_schemas.hpp"

namespace pveplan::pve {

using namespace schema;

namespace {

AttributeBuilder timeout(const char* name) {
  return attr(name, duration()).range(1, 86'400).effect(EffectRule::none);
}

AttributeBuilder timeout_schema(Timeout kind) {
  switch (kind) {
    case Timeout::create:
      return timeout("create").doc(
          "How long its making may take. What still runs on the server then is left to it, and the "
          "next apply waits for it. Without it there is no limit.");
    case Timeout::update:
      return timeout("update").doc("How long a change may take, in the same way.");
    case Timeout::remove:
      return timeout("delete").doc("How long its destruction may take, in the same way.");
    case Timeout::shutdown:
      return timeout("shutdown")
          .default_always(Value::integer(180))
          .doc("How long the guest may take to shut down.");
    case Timeout::lock:
      return timeout("lock")
          .default_always(Value::integer(60))
          .doc("How long to wait for somebody else's lock on the guest.");
  }
  return timeout("create");
}

}  // namespace

void add_timeouts(ObjectBuilder& object, std::initializer_list<Timeout> kinds) {
  ObjectBuilder timeouts;
  for (const auto kind : kinds) timeouts.add(timeout_schema(kind));
  object.add(attr("timeouts", object_of(timeouts.build()))
                 .effect(EffectRule::none)
                 .doc("How long to wait."));
}

}  // namespace pveplan::pve
