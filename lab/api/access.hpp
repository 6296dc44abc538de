#pragma once

#include "lab/core/parameter.hpp"
#include "lab/world/access.hpp"
#include "schema/value.hpp"

#include <functional>

/// What the areas below /access share.
namespace pveplan::lab {

/// A token as the API shows it: never its secret.
schema::Value token_value(const Token& token);

/// Applies a removal to every entry of the ACL and drops the paths that are left empty.
void forget_in_acl(Access& access, const std::function<void(AclNode&)>& forget);

/// The parameter `userid`.
Parameter user_name();

}  // namespace pveplan::lab
