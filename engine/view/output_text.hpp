#pragma once

#include "model/plan.hpp"
#include "model/row.hpp"

#include <map>
#include <string>

namespace pveplan::view {

/// Whether a plan does anything besides giving outputs other values.
bool changes_resources(const model::Plan& plan);

/// Whether an output is declared as sensitive; `owned`: what the state or a change has of it.
bool is_sensitive_output(const schema::Value& owned);

/// Whether the value may not be shown: it is, or was, declared as sensitive.
bool hides_output(const model::Change& change);

/// `+ db_addresses  [10.0.0.5, 10.0.0.6]`, one output a line under a heading; empty where the plan
/// changes none.
std::string output_changes_text(const model::Plan& plan);

/// "1 output new, 2 outputs changed"; empty where the plan changes none.
std::string output_counts(const model::Plan& plan);

/// `{"NAME": {"sensitive": false, "value": …}}` of all outputs that the state holds; in the place
/// of what is, or holds, a secret stands null.
schema::Value outputs_json(const std::map<schema::ResourceAddress, model::Row>& rows);

/// The outputs that the state holds, as apply and `pveplan output` list them; empty without any.
std::string outputs_text(const std::map<schema::ResourceAddress, model::Row>& rows);

}  // namespace pveplan::view
