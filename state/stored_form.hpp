#pragma once

#include "model/intent.hpp"
#include "model/row.hpp"
#include "schema/value.hpp"

namespace pveplan::state {

/// A value as JSON gives it back, so that memory holds exactly what a later run reads. Objects of a
/// schema become maps, decimals that JSON cannot carry become strings, broken UTF-8 is mended.
///
/// The last line of defence as well: what is marked sensitive is replaced by {"redacted": true} and
/// what is still unknown by null, since neither may ever reach a disk (providers put {"hmac": …} in
/// the place of secrets); below 100 levels everything is null, since readers go no deeper.
schema::Value stored_form(const schema::Value& value);

/// All values of a row or an intent.
model::Row stored_form(model::Row row);
model::Intent stored_form(model::Intent intent);

}  // namespace pveplan::state
