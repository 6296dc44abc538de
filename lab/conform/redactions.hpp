#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pveplan::lab {

/// What a recording had to hide or could not write down, restored from the meaning of its name.
enum class Hidden {
  right,           ///< the true secret
  wrong,           ///< one that does not fit
  short_password,  ///< fewer characters than the API wants
  ticket,          ///< the last login ticket, in the place of a password
  raw_ticket,      ///< a cookie with an unescaped ticket
};

/// How the secret of an exchange is to be restored; `right` unless the table says otherwise.
Hidden hidden_secret(std::string_view exchange);
/// Whether the CSRF token, or the cookie, of that exchange is a wrong one.
bool has_wrong_csrf(std::string_view exchange);
bool has_root_ticket(std::string_view exchange);

/// A value that the recording shortened, as long as it was.
std::string full_length(const std::string& text);

/// A body that is no form and therefore is missing in the recording.
std::optional<std::string> hidden_body(std::string_view exchange);

}  // namespace pveplan::lab
