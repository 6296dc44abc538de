#include "engine/patience.hpp"

#include "schema/units.hpp"

#include <fmt/format.h>

namespace pveplan::engine {

using model::Action;

std::optional<Patience> Patience::of(const model::Change& change, const model::Row* row) {
  const bool makes = change.action == Action::create || change.action == Action::replace;
  const bool removes = change.action == Action::remove;
  const char* word = makes ? "create" : removes ? "delete" : "update";
  const schema::Path path({"timeouts", word});
  const auto* stated = change.after.find(path);
  if (stated == nullptr && removes && row != nullptr) stated = row->owned.find(path);
  if (stated == nullptr || stated->kind() != schema::Value::Kind::integer) return std::nullopt;
  const auto seconds = stated->as_integer();
  return Patience(fmt::format("timeouts.{} ({}) of {}", word, schema::format_duration(seconds),
                              change.address.text()),
                  std::chrono::seconds(seconds));
}

std::chrono::seconds lock_patience(const schema::Value* after, const schema::Value* owned) {
  const schema::Path path({"timeouts", "lock"});
  const auto* stated = after == nullptr ? nullptr : after->find(path);
  if (stated == nullptr && owned != nullptr) stated = owned->find(path);
  const bool known = stated != nullptr && stated->kind() == schema::Value::Kind::integer;
  return std::chrono::seconds(known ? stated->as_integer() : 60);
}

}  // namespace pveplan::engine
