#pragma once

#include "lab/conform/bindings.hpp"
#include "schema/value.hpp"

#include <string>
#include <vector>

namespace pveplan::lab {

/// Compares a recorded value with the lab's by the rules of conformance: drawn values are bound,
/// values of the moment only have the right shape, order does not count, all else is equal. Appends
/// one line for each difference; binds also where something else differs.
void compare_values(const schema::Value& recorded, const schema::Value& actual, Bindings& bindings,
                    std::vector<std::string>& differences);

/// The same for plain texts such as reason phrases.
bool same_text(const std::string& key, const std::string& recorded, const std::string& actual,
               Bindings& bindings);

}  // namespace pveplan::lab
