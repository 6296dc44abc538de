#include "schema/network.hpp"

#include "schema/value.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <cctype>
#include <charconv>

namespace pveplan::schema {
namespace {

std::optional<std::uint32_t> parse_number(std::string_view text, std::uint32_t highest) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint32_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || number > highest) {
    return std::nullopt;
  }
  return number;
}

std::uint32_t mask(int length) { return length == 0 ? 0 : ~std::uint32_t{0} << (32 - length); }

}  // namespace

std::string Ipv4::text() const {
  return fmt::format("{}.{}.{}.{}", bits >> 24, (bits >> 16) & 255, (bits >> 8) & 255, bits & 255);
}

std::optional<Ipv4> parse_ipv4(std::string_view text) {
  Ipv4 result;
  for (int i = 0; i < 4; ++i) {
    const auto dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return std::nullopt;
    const auto number = parse_number(text.substr(0, dot), 255);
    if (!number) return std::nullopt;
    result.bits = (result.bits << 8) | *number;
    text.remove_prefix(i == 3 ? text.size() : dot + 1);
  }
  return result;
}

Ipv4 Ipv4Prefix::network() const { return {address.bits & mask(length)}; }
Ipv4 Ipv4Prefix::broadcast() const { return {address.bits | ~mask(length)}; }
bool Ipv4Prefix::contains(Ipv4 other) const {
  return (other.bits & mask(length)) == (address.bits & mask(length));
}
std::string Ipv4Prefix::text() const { return fmt::format("{}/{}", address.text(), length); }

std::optional<Ipv4Prefix> parse_ipv4_prefix(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_ipv4(text.substr(0, slash));
  const auto length = parse_number(text.substr(slash + 1), 32);
  if (!address || !length) return std::nullopt;
  return Ipv4Prefix{*address, static_cast<int>(*length)};
}

std::optional<Ipv4Range> parse_ipv4_range(std::string_view text) {
  const auto hyphen = text.find('-');
  const auto first = parse_ipv4(text.substr(0, hyphen));
  if (!first) return std::nullopt;
  if (hyphen == std::string_view::npos) return Ipv4Range{*first, *first};
  const auto last = parse_ipv4(text.substr(hyphen + 1));
  if (!last || *last < *first) return std::nullopt;
  return Ipv4Range{*first, *last};
}

std::vector<Ipv4Range> ipv4_ranges(const Value* list) {
  std::vector<Ipv4Range> result;
  if (list == nullptr || list->kind() != Value::Kind::list) return result;
  for (const auto& item : list->as_list()) {
    const auto range = item.is_string() ? parse_ipv4_range(item.as_string()) : std::nullopt;
    if (range) result.push_back(*range);
  }
  return result;
}

std::optional<std::string> canonical_ipv6(std::string_view text) {
  in6_addr address{};
  if (text.find(char{}) != std::string_view::npos) return std::nullopt;
  if (inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (inet_ntop(AF_INET6, &address, buffer.data(), buffer.size()) == nullptr) return std::nullopt;
  return std::string(buffer.data());
}

std::optional<std::string> canonical_mac(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  std::string result(text);
  const char separator = text[2];
  if (separator != ':' && separator != '-') return std::nullopt;
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (i % 3 == 2) {
      if (text[i] != separator) return std::nullopt;
      result[i] = ':';
    } else {
      const auto c = static_cast<unsigned char>(text[i]);
      if (std::isxdigit(c) == 0) return std::nullopt;
      result[i] = static_cast<char>(std::toupper(c));
    }
  }
  return result;
}

}  // namespace pveplan::schema
