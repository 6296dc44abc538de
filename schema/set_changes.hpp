#pragma once

#include "schema/attribute.hpp"
#include "schema/diagnostic.hpp"
#include "schema/document.hpp"

#include <string_view>

namespace pveplan::schema {

class DecodeContext;
struct Topology;

/// Whether a root entry is `[[moved]]`, `[[removed]]` or `[[import]]` (LANGUAGE 8).
bool is_set_change(std::string_view name);
/// What one such entry may state; `name` is one of the three.
const ObjectSchema& set_change_schema(std::string_view name);

/// Reads them into the topology, whose resources are known already: what is moved or removed must
/// not stand in it any more, what is imported must.
void decode_set_changes(DecodeContext& context, const Node& root, Topology& topology);

}  // namespace pveplan::schema
