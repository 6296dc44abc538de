#pragma once

#include "model/intent.hpp"
#include "model/row.hpp"

namespace pveplan::model {

/// Rows and intents as values for the state file, the journal and the plan file. Empty members are
/// left out; reading refuses what is not of the form, and keeps nothing that it does not know.
schema::Value to_value(const Row& row);
schema::Result<Row> row_from(const schema::Value& value);
schema::Value to_value(const Intent& intent);
schema::Result<Intent> intent_from(const schema::Value& value);

}  // namespace pveplan::model
