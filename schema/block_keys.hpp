#pragma once

#include "schema/resource_schema.hpp"

#include <string_view>
#include <vector>

namespace pveplan::schema {

/// Keys that blocks of this type take and that are no attributes of the resource: `count`, `use`,
/// `after` and their like. `nodes` is not among them: the types that have it describe it.
std::vector<AttributeSchema> block_keys(const ResourceSchema& schema);

/// Whether `key` is one of them, or the `nodes` of a per-node type.
bool is_block_key(std::string_view key, const ResourceSchema& schema);

/// Whether a block of any type may have it as such a key: what no profile may state.
bool is_any_block_key(std::string_view key);

/// Whether a topology may give the attribute a value, or only read it from others.
bool can_be_stated(const AttributeSchema& attribute);

/// Whether a value of the type may be written as a table.
bool takes_tables(const Type& type);

/// Whether the program acts on the attribute, at least for one value.
bool is_acted_on(const AttributeSchema& attribute);

}  // namespace pveplan::schema
