#pragma once

#include "model/intent.hpp"
#include "model/row.hpp"
#include "schema/value.hpp"

#include <functional>
#include <string>

namespace pveplan::state {

/// Says whether a secret value has changed, and nothing else.
using ValueDigest = std::function<std::string(const schema::Value& secret)>;

/// A value as JSON gives it back, so that memory holds exactly what a later run reads. Objects of a
/// schema become maps, decimals that JSON cannot carry become strings, broken UTF-8 is mended.
///
/// The last line of defence as well: what is marked sensitive is replaced by {"hmac": digest}, or
/// without a `digest` by {"redacted": true}, and what is still unknown by null, since neither may
/// ever reach a disk; below 100 levels everything is null, since readers go no deeper.
schema::Value stored_form(const schema::Value& value, const ValueDigest& digest = {});

/// All values of a row or an intent.
model::Row stored_form(model::Row row, const ValueDigest& digest = {});
model::Intent stored_form(model::Intent intent, const ValueDigest& digest = {});

}  // namespace pveplan::state
