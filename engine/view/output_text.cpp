#include "engine/view/output_text.hpp"

#include "engine/plan_value.hpp"
#include "engine/view/text.hpp"
#include "schema/value_walk.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::view {

using model::Action;
using model::Change;
using schema::Value;

namespace {

/// A secret, or what states hold in the place of one.
bool holds_secret(const Value& value) {
  return engine::lacks_secret(value) ||
         schema::any_inside(value, [](const Value& each) { return each.sensitive(); });
}

std::string value_of(const Value& output) {
  const Value* value = output.find("value");
  return value == nullptr ? "unset" : value_text(nullptr, *value);
}

std::string output_line(const std::string& start, std::size_t name_column, const std::string& name,
                        const std::string& values) {
  const auto line = start + padded(name, name_column);
  return line + wrapped(values, columns(line), columns(start) + 2) + "\n";
}

std::string values_of(const Change& change) {
  if (hides_output(change))
    return change.action == Action::update ? "(secret) changed" : std::string(kSecret);
  switch (change.action) {
    case Action::create:
      return value_of(change.after);
    case Action::remove:
    case Action::forget:
      return "was " + value_of(change.before);
    case Action::update:
    case Action::replace:
    case Action::no_op:
      break;
  }
  const auto before = value_of(change.before);
  const auto after = value_of(change.after);
  return before == after ? after + " (only its description changes)" : before + " -> " + after;
}

std::size_t name_width(std::size_t longest) { return std::clamp<std::size_t>(longest + 2, 17, 32); }

}  // namespace

bool changes_resources(const model::Plan& plan) {
  return std::any_of(plan.changes.begin(), plan.changes.end(),
                     [](const Change& change) { return !change.address.is_output(); });
}

bool is_sensitive_output(const Value& owned) {
  const Value* sensitive = owned.find("sensitive");
  return sensitive != nullptr && *sensitive == Value::boolean(true);
}

bool hides_output(const Change& change) {
  return is_sensitive_output(change.before) || is_sensitive_output(change.after);
}

std::string output_changes_text(const model::Plan& plan) {
  std::size_t longest = 0;
  for (const auto& change : plan.changes) {
    if (change.address.is_output()) longest = std::max(longest, columns(change.address.name));
  }
  std::string text;
  for (const auto& change : plan.changes) {
    if (!change.address.is_output()) continue;
    const auto symbol = change.action == Action::forget ? '-' : static_cast<char>(change.action);
    const std::string moved =
        change.moved_from.empty() ? "" : fmt::format(" (moved from {})", change.moved_from);
    text += output_line(fmt::format("  {} ", symbol), name_width(longest), change.address.name,
                        values_of(change) + moved);
  }
  return text.empty() ? text : "Outputs:\n" + text;
}

std::string output_counts(const model::Plan& plan) {
  std::uint64_t added = 0, changed = 0, removed = 0;
  for (const auto& change : plan.changes) {
    if (!change.address.is_output()) continue;
    auto& count = change.action == Action::create                                      ? added
                  : change.action == Action::remove || change.action == Action::forget ? removed
                                                                                       : changed;
    ++count;
  }
  std::string text;
  for (const auto& [count, word] :
       {std::pair(added, "new"), std::pair(changed, "changed"), std::pair(removed, "removed")}) {
    if (count > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counted(count, "output"), word);
  }
  return text;
}

schema::Value outputs_json(const std::map<schema::ResourceAddress, model::Row>& rows) {
  Value::Fields fields;
  for (const auto& [address, row] : rows) {
    if (!address.is_output()) continue;
    const Value* value = row.owned.find("value");
    const bool hidden = is_sensitive_output(row.owned) || value == nullptr || holds_secret(*value);
    fields.emplace_back(address.name, Value::map({{"sensitive", Value::boolean(hidden)},
                                                  {"value", hidden ? Value() : *value}}));
  }
  return Value::map(std::move(fields));
}

std::string outputs_text(const std::map<schema::ResourceAddress, model::Row>& rows) {
  std::size_t longest = 0;
  for (const auto& [address, row] : rows) {
    if (address.is_output()) longest = std::max(longest, columns(address.name));
  }
  std::string text;
  for (const auto& [address, row] : rows) {
    if (!address.is_output()) continue;
    text +=
        output_line("  ", name_width(longest), address.name,
                    is_sensitive_output(row.owned) ? std::string(kSecret) : value_of(row.owned));
  }
  return text;
}

}  // namespace pveplan::view
