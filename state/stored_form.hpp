#pragma once

#include "schema/value.hpp"

namespace pveplan::state {

/// A value as it may stand in a file: what is marked sensitive is replaced by {"redacted": true}
/// and what is still unknown by null, since neither may ever reach a disk; a decimal that is no
/// JSON number becomes a string. The last line of defence: providers put {"hmac": …} in place of
/// secrets.
schema::Value stored_form(const schema::Value& value);

}  // namespace pveplan::state
