#include "engine/renames.hpp"

#include "schema/json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::engine {

using model::Action;
using model::Change;
using schema::ResourceAddress;
using schema::Value;

namespace {

/// What a person wrote: without what is chosen for each object anew.
Value as_stated(const schema::ObjectSchema& object, const Value& attributes) {
  Value::Fields fields;
  for (const auto& attribute : object.attributes) {
    const Value* held = attributes.find(attribute.name);
    if (held == nullptr || attribute.choice != schema::Choice::none) continue;
    const bool parts = attribute.type.kind == schema::Type::Kind::keyed_part && held->has_fields();
    if (!parts) {
      fields.emplace_back(attribute.name, *held);
      continue;
    }
    Value::Fields entries;
    for (const auto& [name, part] : held->as_fields())
      entries.emplace_back(name, as_stated(*attribute.type.object, part));
    fields.emplace_back(attribute.name, Value::map(std::move(entries)));
  }
  return Value::object(std::move(fields));
}

/// What two objects have in common when one may be the other: number, name, all that is stated.
std::vector<std::string> looks(const schema::ObjectSchema& object, const ResourceAddress& address,
                               const Value& attributes) {
  std::vector<std::string> result;
  const auto kind = address.type + "\n" + address.key.value_or("") + "\n";
  for (const char* name : {"vmid", "name"}) {
    const Value* held = attributes.find(name);
    if (held != nullptr) result.push_back(kind + name + "=" + schema::to_json(*held));
  }
  const auto stated = as_stated(object, attributes);
  if (!stated.as_fields().empty()) result.push_back(kind + schema::to_json(stated));
  return result;
}

class Renames {
 public:
  Renames(const PlanInput& input, const model::Plan& plan) : input_(input) {
    const auto removes = [](const Change& each) { return each.action == Action::remove; };
    if (std::none_of(plan.changes.begin(), plan.changes.end(), removes)) return;
    for (const auto& change : plan.changes) {
      if (change.action != Action::create) continue;
      for (auto& look : looks(object_of(change), change.address, change.after))
        coming_.try_emplace(std::move(look), &change);
    }
    for (const auto& change : plan.changes) {
      if (change.action == Action::remove) find_successor(change);
    }
  }

  std::vector<schema::Diagnostic> warnings() const {
    std::vector<schema::Diagnostic> result;
    for (const auto& [from, to] : found_) {
      result.push_back(schema::warning(
          "Renamed?",
          fmt::format("{0} leaves and {1} comes, and they look like the same thing. If it was only "
                      "renamed, nothing has to be destroyed: add [[moved]] with from = \"{0}\" and "
                      "to = \"{1}\".",
                      from, to)));
    }
    return result;
  }

 private:
  const schema::ObjectSchema& object_of(const Change& change) const {
    return input_.types.find(change.address.type)->schema().object;
  }

  void find_successor(const Change& leaving) {
    const auto row = input_.rows.find(leaving.address);
    if (row == input_.rows.end()) return;
    for (const auto& look : looks(object_of(leaving), leaving.address, row->second.owned)) {
      const auto at = coming_.find(look);
      if (at != coming_.end()) return note(leaving.address, at->second->address);
    }
  }

  /// One entry for all instances of a block.
  void note(const ResourceAddress& from, const ResourceAddress& to) {
    const bool whole = from.group() != to.group();
    const std::pair entry(whole ? from.group().text() : from.text(),
                          whole ? to.group().text() : to.text());
    if (std::find(found_.begin(), found_.end(), entry) == found_.end()) found_.push_back(entry);
  }

  const PlanInput& input_;
  std::map<std::string, const Change*> coming_;  ///< by look
  std::vector<std::pair<std::string, std::string>> found_;
};

}  // namespace

std::vector<schema::Diagnostic> likely_renames(const PlanInput& input, const model::Plan& plan) {
  return Renames(input, plan).warnings();
}

}  // namespace pveplan::engine
