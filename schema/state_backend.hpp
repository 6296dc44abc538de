#pragma once

#include "schema/decode_context.hpp"
#include "schema/topology.hpp"

namespace pveplan::schema {

/// The keys of `state = { backend = "http", … }`.
const ObjectSchema& http_backend_schema();

/// Reads the key `state` of `[pveplan]`. Names of files in the options are resolved.
void decode_state_backend(DecodeContext& context, const Node& table, Topology& topology);

}  // namespace pveplan::schema
