#pragma once

#include "engine/view/plan_sections.hpp"
#include "model/plan.hpp"

#include <string>
#include <vector>

/// What the JSON plan and the event stream say in the same words. None of it holds a secret.
namespace pveplan::view {

schema::Value json_number(std::uint64_t number);
schema::Value json_texts(const std::vector<std::string>& texts);
schema::Value json_addresses(const std::vector<schema::ResourceAddress>& addresses);
/// Null for an empty text.
schema::Value text_or_null(const std::string& text);

/// Not known before apply.
bool is_open(const schema::Value& value);
/// The value without secrets and without what nobody knows yet.
schema::Value disclosed(const schema::Value& value);

/// `["delete","create"]` for a replacement, so that a search for "delete" finds every deletion.
schema::Value json_actions(model::Action action);
const char* worst_word(WorstEffect effect);
schema::Value json_effects(const model::Effects& effects);
schema::Value json_drift(const model::Drift& drift);
/// What --target, --exclude and --replace asked for.
schema::Value json_scope(const model::Plan& plan);
/// What reads a value that is not in effect yet.
schema::Value json_postponed(const model::Plan& plan);
schema::Value json_summary(const model::Plan& plan);

}  // namespace pveplan::view
