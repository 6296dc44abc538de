#pragma once

#include "schema/decode_context.hpp"

#include <vector>

namespace pveplan::schema {

/// The keys of `[variable.NAME]`.
const ObjectSchema& variable_block_schema();

/// Declares the variables of the root file and gives them their values: --var, then --vars, then
/// PVEPLAN_VAR_*, then `default`. `files` are the parsed --vars files in order.
void decode_variables(DecodeContext& context, const Node& root, const LoadRequest& request,
                      const std::vector<NodePtr>& files);

/// The values as bindings, sorted by name.
std::vector<VariableBinding> variable_bindings(DecodeContext& context);

}  // namespace pveplan::schema
