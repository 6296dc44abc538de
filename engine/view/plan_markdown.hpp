#pragma once

#include "engine/saved_plan.hpp"
#include "schema/resource_schema.hpp"

#include <cstddef>
#include <string>

namespace pveplan::view {

/// The shortest limit that plan_markdown() can keep.
inline constexpr std::size_t kLeastMarkdown = 2000;

/// The plan as one comment of a pull request: a hidden marker by which a bot finds its own comment
/// again, the danger first, a table, and folded details. Never longer than `max_bytes` (at least
/// kLeastMarkdown): what changes least goes first, and a line says what was left out. Texts of the
/// topology can break neither the table nor a fence, and mention nobody. The same plan gives the
/// same bytes. `plan_file` is named in the last line when it is not empty.
std::string plan_markdown(const engine::SavedPlan& saved, const schema::SchemaRegistry& schemas,
                          std::size_t max_bytes, const std::string& plan_file);

}  // namespace pveplan::view
