#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::schema {

class Value;

/// An IPv4 address as a number, so that ranges can be walked.
struct Ipv4 {
  std::uint32_t bits = 0;
  std::string text() const;
  friend auto operator<=>(const Ipv4&, const Ipv4&) = default;
};

/// Four decimal numbers without leading zeros; nothing else.
std::optional<Ipv4> parse_ipv4(std::string_view text);

/// An address together with the length of its network: "10.0.0.5/24".
struct Ipv4Prefix {
  Ipv4 address;
  int length = 32;

  Ipv4 network() const;
  Ipv4 broadcast() const;
  bool contains(Ipv4 other) const;
  std::string text() const;
};
std::optional<Ipv4Prefix> parse_ipv4_prefix(std::string_view text);

/// An inclusive range; one address is a range of itself.
struct Ipv4Range {
  Ipv4 first, last;
  bool contains(Ipv4 address) const { return first <= address && address <= last; }
};
std::optional<Ipv4Range> parse_ipv4_range(std::string_view text);
/// The ranges of a list of texts; what is none is left out, since its check has told so.
std::vector<Ipv4Range> ipv4_ranges(const Value* list);

/// The canonical text of an IPv6 address; nullopt when it is none.
std::optional<std::string> canonical_ipv6(std::string_view text);

/// "BC:24:11:00:20:01" of six pairs joined by colons or hyphens; nullopt when it is none.
std::optional<std::string> canonical_mac(std::string_view text);

}  // namespace pveplan::schema
