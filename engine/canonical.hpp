#pragma once

#include "schema/attribute.hpp"
#include "schema/value.hpp"

#include <string>

namespace pveplan::engine {

/// The value in the attribute's canonical form: two values are the same to pveplan exactly when
/// their canonical forms are equal. Equality, fingerprints and sorting all use it.
schema::Value canonical(const schema::AttributeSchema& attribute, const schema::Value& value);

/// `held` is what the server has: a size that its storage rounded up is the one that was asked for.
bool canonically_equal(const schema::AttributeSchema& attribute, const schema::Value& wanted,
                       const schema::Value& held);

/// SHA-256 over the sorted lines `path=canonical value` of the owned leaves, plus the identity:
/// what must still be so when a plan is applied (DEFINITIONS 4). `live` is read at the owned paths
/// only.
std::string fingerprint(const schema::ObjectSchema& schema, const schema::Value& owned,
                        const schema::Value& live, const schema::Value& identity,
                        const schema::Value& covered_facts);

}  // namespace pveplan::engine
