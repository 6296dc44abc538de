#pragma once

#include <map>
#include <set>
#include <string>

namespace pveplan::lab {

/// All privileges that a major version knows.
const std::set<std::string>& all_privileges(int major);
bool is_privilege(const std::string& name, int major);

/// The roles that are built in, by name.
const std::map<std::string, std::set<std::string>>& built_in_roles(int major);

}  // namespace pveplan::lab
