#pragma once

#include "schema/address.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pveplan::engine {

/// Whether an address matches a glob: `vm.db[*]`, also in the shell-safe form `vm.db.*`. Brackets
/// are literal in a pattern, `*` and `?` are not.
bool matches_glob(const schema::ResourceAddress& address, std::string_view pattern);

bool matches_any_glob(const schema::ResourceAddress& address,
                      const std::vector<std::string>& patterns);

/// The same, and a pattern that matches a block names all its instances: `vm.db` is `vm.db[1]` too.
bool is_named_by(const schema::ResourceAddress& address, std::string_view pattern);
bool is_named_by_any(const schema::ResourceAddress& address,
                     const std::vector<std::string>& patterns);

}  // namespace pveplan::engine
