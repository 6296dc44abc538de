#pragma once

#include "schema/diagnostic.hpp"
#include "schema/span.hpp"
#include "schema/value.hpp"

#include <string>

namespace pveplan::view {

/// `severity`, `summary`, `detail`, `range` and `notes`, as events and `validate` print them.
schema::Value::Fields diagnostic_fields(const schema::Diagnostic& diagnostic,
                                        const schema::SourceMap& sources);

/// What `validate --format json` prints (docs/schemas/diagnostics.schema.json).
std::string diagnostics_json(const schema::Diagnostics& diagnostics,
                             const schema::SourceMap& sources);

}  // namespace pveplan::view
