#include "lab/conform/redactions.hpp"

#include <array>
#include <regex>
#include <utility>

namespace pveplan::lab {
namespace {

constexpr std::array<std::pair<std::string_view, Hidden>, 9> kSecrets{{
    {"auth.bad-secret", Hidden::wrong},
    {"token.use-old", Hidden::wrong},
    {"ticket.wrong-password", Hidden::wrong},
    {"ticket.renew-by-ticket", Hidden::ticket},
    {"ticket.bad-cookie", Hidden::wrong},
    {"ticket.get.unencoded-cookie", Hidden::raw_ticket},
    {"user.create-short-password", Hidden::short_password},
    {"password.short", Hidden::short_password},
    {"agent.set-user-password.short", Hidden::short_password},
}};

/// The malformed one breaks off behind its first key, as the recorded offset tells.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kBodies{{
    {"proto.json-body.malformed", "{\"description\":"},
    {"proto.text-body", "description=x"},
    {"latin1-in-form", "description=caf%E9"},
    {"utf8-in-form", "description=caf%C3%A9"},
}};

}  // namespace

Hidden hidden_secret(std::string_view exchange) {
  for (const auto& [name, hidden] : kSecrets) {
    if (name == exchange) return hidden;
  }
  return Hidden::right;
}

std::string full_length(const std::string& text) {
  static const std::regex kShortened(
      R"((.+)\.\.\. \(([0-9]+) characters, shortened in this recording\))");
  std::smatch match;
  if (!std::regex_match(text, match, kShortened)) return text;
  std::string longer = match[1];
  longer.resize(std::stoul(match[2]), longer.back());
  return longer;
}

bool has_wrong_csrf(std::string_view exchange) { return exchange == "ticket.write-with-bad-csrf"; }

bool has_root_ticket(std::string_view exchange) { return exchange.starts_with("root-ticket."); }

std::optional<std::string> hidden_body(std::string_view exchange) {
  for (const auto& [name, body] : kBodies) {
    if (name == exchange) return std::string(body);
  }
  return std::nullopt;
}

}  // namespace pveplan::lab
