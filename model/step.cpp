#include "model/step.hpp"

namespace pveplan::model {

std::string_view name(ResolverClass resolver) {
  switch (resolver) {
    case ResolverClass::engine_only:
      return "engine-only";
    case ResolverClass::keyed_create:
      return "keyed-create";
    case ResolverClass::digest_guarded:
      return "digest-guarded";
    case ResolverClass::goal_state:
      return "goal-state";
    case ResolverClass::answer_once:
      return "answer-once";
    case ResolverClass::no_key:
      return "no-key";
  }
  return "engine-only";
}

}  // namespace pveplan::model
