#pragma once

#include "lab/core/call.hpp"
#include "lab/core/request.hpp"

#include <expected>
#include <string>

namespace pveplan::lab {

/// Login tickets and the tokens against cross-site requests that go with them.
std::string make_ticket(const World& world, const std::string& user);
std::string make_csrf_token(const World& world, const std::string& user);
/// The user of a ticket that is genuine and not older than two hours; empty otherwise.
std::string ticket_user(const World& world, const std::string& ticket);

/// Whether a user exists, is enabled and has not expired.
bool is_active(const World& world, const std::string& user);

/// Finds out who calls: the cookie before the token, as the server prefers it. The error is the
/// reason phrase of a 401.
std::expected<Caller, std::string> authenticate(const World& world, const Request& request);

}  // namespace pveplan::lab
