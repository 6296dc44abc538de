#pragma once

#include <string_view>

namespace pveplan::schema {

/// Whether the language has this block although nothing acts on it yet: a type of resource, or
/// `output`, `moved`, `removed`, `import`.
bool is_later_type(std::string_view type);

/// Whether the language has this attribute on every resource, or on every guest, although nothing
/// acts on it yet.
bool is_later_attribute(std::string_view name);

}  // namespace pveplan::schema
