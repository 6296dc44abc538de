#include "lab/core/authenticate.hpp"

#include "lab/core/digest.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

constexpr std::string_view kFailed = "Authentication failed!";
constexpr std::int64_t kTicketLife = 2 * 60 * 60;
constexpr std::int64_t kClockSkew = 300;

/// The value behind `key=` or `key ` in a header, up to a semicolon, decoded.
std::string keyed_value(const std::string& header, std::string_view key) {
  const auto at = header.find(key);
  if (at == std::string::npos || at + key.size() >= header.size()) return {};
  const char separator = header[at + key.size()];
  if (separator != '=' && separator != ' ') return {};
  const std::string rest = header.substr(at + key.size() + 1);
  return percent_decode(trim(rest.substr(0, rest.find(';'))));
}

std::string ticket_of(const Request& request) {
  for (const char* name : {"cookie", "authorization"}) {
    const auto header = find_header(request.headers, name);
    if (!header) continue;
    if (std::string ticket = keyed_value(*header, "PVEAuthCookie"); !ticket.empty()) return ticket;
  }
  return {};
}

bool is_expired(const World& world, std::int64_t expire) {
  return expire != 0 && expire <= unix_seconds(world.now);
}

std::expected<Caller, std::string> token_caller(const World& world, const std::string& credential) {
  const std::unexpected failed{std::string(kFailed)};
  const auto equals = credential.find('=');
  const std::string who = credential.substr(0, equals);
  const auto mark = who.find('!');
  if (equals == std::string::npos || mark == std::string::npos) return failed;
  const std::string user = who.substr(0, mark);
  if (!is_active(world, user)) return failed;
  const auto& tokens = world.access.users.at(user).tokens;
  const auto token = tokens.find(who.substr(mark + 1));
  if (token == tokens.end() || is_expired(world, token->second.expire)) return failed;
  if (token->second.secret != credential.substr(equals + 1)) return failed;
  return Caller{who};
}

/// Anything but reading needs proof that the request was not slipped in by another site.
bool csrf_holds(const World& world, const Request& request, const std::string& user) {
  if (request.method == "GET") return true;
  const auto header = find_header(request.headers, "CSRFPreventionToken");
  if (!header) return false;
  const auto colon = header->find(':');
  if (colon == std::string::npos) return false;
  const std::string stamp = header->substr(0, colon);
  const std::string expected =
      keyed_signature(world.ticket_key, fmt::format("csrf:{}:{}", stamp, user));
  return header->substr(colon + 1) == expected;
}

}  // namespace

std::string make_ticket(const World& world, const std::string& user) {
  const std::string text = fmt::format("PVE:{}:{:08X}", user, unix_seconds(world.now));
  return fmt::format("{}::{}", text, keyed_signature(world.ticket_key, text));
}

std::string make_csrf_token(const World& world, const std::string& user) {
  const std::string stamp = fmt::format("{:08X}", unix_seconds(world.now));
  return fmt::format("{}:{}", stamp,
                     keyed_signature(world.ticket_key, fmt::format("csrf:{}:{}", stamp, user)));
}

std::string ticket_user(const World& world, const std::string& ticket) {
  const auto signature = ticket.find("::");
  if (!ticket.starts_with("PVE:") || signature == std::string::npos) return {};
  const std::string text = ticket.substr(0, signature);
  if (ticket.substr(signature + 2) != keyed_signature(world.ticket_key, text)) return {};
  const auto parts = split(text, ':');
  if (parts.size() != 3 || !matches(parts[2], "[0-9A-F]{8}")) return {};
  const std::int64_t age = unix_seconds(world.now) - std::stoll(parts[2], nullptr, 16);
  return age > kTicketLife || age < -kClockSkew ? std::string{} : parts[1];
}

bool is_active(const World& world, const std::string& user) {
  const auto found = world.access.users.find(user);
  return found != world.access.users.end() && found->second.enabled &&
         !is_expired(world, found->second.expire);
}

std::expected<Caller, std::string> authenticate(const World& world, const Request& request) {
  if (const std::string ticket = ticket_of(request); !ticket.empty()) {
    const std::string user = ticket_user(world, ticket);
    if (user.empty() || !is_active(world, user)) return std::unexpected(std::string(kFailed));
    if (!csrf_holds(world, request, user)) {
      return std::unexpected("Permission denied - invalid csrf token");
    }
    return Caller{user};
  }
  const auto header = find_header(request.headers, "authorization");
  const std::string credential = header ? keyed_value(*header, "PVEAPIToken") : std::string{};
  if (credential.empty()) return std::unexpected("No ticket");
  return token_caller(world, credential);
}

}  // namespace pveplan::lab
