#include "schema/formats.hpp"

#include "schema/address.hpp"
#include "schema/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace pveplan::schema {
namespace {

using Checked = std::expected<std::string, std::string>;

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_letter_or_digit(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

bool all_of(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [others](char c) {
    return is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
  });
}

std::string in_small_letters(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= 63 && is_letter_or_digit(text.front()) &&
         is_letter_or_digit(text.back()) && all_of(text, "-");
}

bool is_dns_name(std::string_view text) {
  if (text.size() > 253) return false;
  for (;;) {
    const auto dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

/// 2 to 20 characters that begin with a letter, with an optional VLAN or alias number behind.
bool is_interface_name(std::string_view text) {
  const auto suffix = text.find_first_of(".:");
  const auto name = text.substr(0, suffix);
  if (text.size() > 20 || name.size() < 2 || !is_letter(name.front()) || !all_of(name, "_")) {
    return false;
  }
  if (suffix == std::string_view::npos) return true;
  const auto number = text.substr(suffix + 1);
  return !number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_storage_name(std::string_view text) {
  return text.size() >= 2 && is_letter(text.front()) && is_letter_or_digit(text.back()) &&
         all_of(text, "-_.");
}

bool is_pool_id(std::string_view text) {
  for (int level = 1; level <= 3; ++level) {
    const auto slash = text.find('/');
    const auto name = text.substr(0, slash);
    if (name.empty() || !all_of(name, ".-_")) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
  return false;
}

bool is_tag(std::string_view text) {
  return !text.empty() && (is_letter_or_digit(text.front()) || text.front() == '_') &&
         all_of(text, "_+.-");
}

bool is_slot(std::string_view text, std::string_view bus, int last) {
  if (!text.starts_with(bus)) return false;
  const auto digits = text.substr(bus.size());
  int number = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool plain = digits.size() == 1 || (digits.size() == 2 && digits[0] != '0');
  return plain && code == std::errc() && end == digits.data() + digits.size() && number >= 0 &&
         number <= last;
}

bool is_disk_slot(std::string_view text) {
  return is_slot(text, "scsi", 30) || is_slot(text, "virtio", 15) || is_slot(text, "sata", 5) ||
         is_slot(text, "ide", 3);
}

bool is_integer_range(std::string_view text) {
  const auto hyphen = text.find('-');
  std::array<std::int64_t, 2> bounds{};
  std::size_t count = 0;
  for (const auto part :
       {text.substr(0, hyphen),
        hyphen == std::string_view::npos ? text.substr(0, hyphen) : text.substr(hyphen + 1)}) {
    const auto [end, code] =
        std::from_chars(part.data(), part.data() + part.size(), bounds[count++]);
    if (part.empty() || part[0] == '-' || code != std::errc() || end != part.data() + part.size()) {
      return false;
    }
  }
  return bounds[0] <= bounds[1];
}

bool is_url(std::string_view text) {
  const bool scheme = text.starts_with("http://") || text.starts_with("https://");
  const auto host = text.substr(std::min(text.find("//") + 2, text.size()));
  return scheme && !host.empty() && host.front() != '/' &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 32 && c != 127; });
}

bool is_checksum(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::size_t>, 6> kDigits = {
      {{"md5", 32}, {"sha1", 40}, {"sha224", 56}, {"sha256", 64}, {"sha384", 96}, {"sha512", 128}}};
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const auto digits = text.substr(colon + 1);
  const bool hexadecimal = std::all_of(digits.begin(), digits.end(),
                                       [](unsigned char c) { return std::isxdigit(c) != 0; });
  return hexadecimal && std::any_of(kDigits.begin(), kDigits.end(), [&](const auto& kind) {
           return kind.first == text.substr(0, colon) && kind.second == digits.size();
         });
}

bool is_ipv6_prefix(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || !canonical_ipv6(text.substr(0, slash))) return false;
  const auto digits = text.substr(slash + 1);
  int length = -1;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  return code == std::errc() && end == digits.data() + digits.size() && length >= 0 &&
         length <= 128;
}

bool is_network(std::string_view text) {
  const auto prefix = parse_ipv4_prefix(text);
  return prefix && prefix->network() == prefix->address;
}

/// An address that a host can have: neither the network itself nor its broadcast address.
bool is_host_address(std::string_view text) {
  const auto prefix = parse_ipv4_prefix(text);
  return prefix && (prefix->length >= 31 || (prefix->address != prefix->network() &&
                                             prefix->address != prefix->broadcast()));
}

bool is_guest_ipv4(std::string_view text) {
  return text == "dhcp" || (text.starts_with("pool:") && is_name(text.substr(5))) ||
         is_host_address(text);
}

/// More than "not in that form": what is wrong with this text in particular.
std::string advice(Format format, std::string_view text) {
  const bool wants_prefix = format == Format::ipv4_with_prefix || format == Format::guest_ipv4;
  if (wants_prefix && parse_ipv4(text)) {
    return fmt::format(
        " An address needs the length of its network: write \"{}/24\" if that is "
        "its network.",
        text);
  }
  if (wants_prefix && parse_ipv4_prefix(text)) {
    return " It is the network itself, or its broadcast address.";
  }
  if (format == Format::ipv4_network) {
    if (const auto prefix = parse_ipv4_prefix(text)) {
      return fmt::format(" \"{}\" is an address in the network \"{}/{}\".", text,
                         prefix->network().text(), prefix->length);
    }
  }
  const bool address = format == Format::ip || format == Format::ipv4;
  if (address && parse_ipv4_prefix(text)) {
    return fmt::format(" Write \"{}\" without the prefix.", text.substr(0, text.find('/')));
  }
  if (format == Format::mac && canonical_mac(text)) {
    return " This one is a group address: its first byte must be even.";
  }
  return {};
}

bool is_unicast_mac(std::string_view text) {
  const auto mac = canonical_mac(text);
  return mac && std::string_view("02468ACE").find((*mac)[1]) != std::string_view::npos;
}

bool matches(Format format, std::string_view text) {
  switch (format) {
    case Format::none:
      return true;
    case Format::name:
      return is_name(text);
    case Format::dns_name:
      return is_dns_name(text);
    case Format::interface_name:
      return is_interface_name(text);
    case Format::tag:
      return is_tag(text);
    case Format::mac:
      return is_unicast_mac(text);
    case Format::ip:
      return parse_ipv4(text) || canonical_ipv6(text);
    case Format::ipv4:
      return parse_ipv4(text).has_value();
    case Format::ipv6:
      return canonical_ipv6(text).has_value();
    case Format::ipv4_with_prefix:
      return is_host_address(text);
    case Format::ipv6_with_prefix:
      return is_ipv6_prefix(text);
    case Format::ipv4_network:
      return is_network(text);
    case Format::ipv4_range:
      return parse_ipv4_range(text).has_value();
    case Format::guest_ipv4:
      return is_guest_ipv4(text);
    case Format::guest_ipv6:
      return text == "auto" || text == "dhcp" || is_ipv6_prefix(text);
    case Format::integer_range:
      return is_integer_range(text);
    case Format::url:
      return is_url(text);
    case Format::checksum:
      return is_checksum(text);
    case Format::disk_slot:
      return is_disk_slot(text);
    case Format::nic_slot:
      return is_slot(text, "net", 31);
    case Format::storage_name:
      return is_storage_name(text);
    case Format::pool_id:
      return is_pool_id(text);
    case Format::file:
    case Format::ssh_key:
      return !text.empty();
  }
  return true;
}

std::string canonical_text(Format format, std::string_view text) {
  if (format == Format::mac) return *canonical_mac(text);
  if (format == Format::tag || format == Format::checksum) return in_small_letters(text);
  return std::string(text);
}

}  // namespace

Checked check_format(Format format, std::string_view text) {
  if (matches(format, text)) return canonical_text(format, text);
  return std::unexpected(
      fmt::format("\"{}\" is not {}.{}", text, format_words(format), advice(format, text)));
}

std::string_view format_words(Format format) {
  switch (format) {
    case Format::none:
      return "a text";
    case Format::name:
      return "a name of letters, digits, \"_\" and \"-\"";
    case Format::dns_name:
      return "a DNS name (letters, digits and hyphens, with dots between labels)";
    case Format::interface_name:
      return "a name of a network interface such as \"vmbr1\" or \"eno1\"";
    case Format::tag:
      return "a tag (letters, digits, \"_\", \"-\", \"+\" and \".\")";
    case Format::mac:
      return "a MAC address of one device such as \"BC:24:11:00:20:01\"";
    case Format::ip:
      return "an IP address";
    case Format::ipv4:
      return "an IPv4 address such as \"10.0.0.1\"";
    case Format::ipv6:
      return "an IPv6 address such as \"fd00::1\"";
    case Format::ipv4_with_prefix:
      return "an IPv4 address with its prefix such as \"10.0.0.5/24\"";
    case Format::ipv6_with_prefix:
      return "an IPv6 address with its prefix such as \"fd00::5/64\"";
    case Format::ipv4_network:
      return "an IPv4 network such as \"10.0.0.0/24\"";
    case Format::ipv4_range:
      return "an IPv4 address or a range such as \"10.0.0.50-10.0.0.99\"";
    case Format::guest_ipv4:
      return "\"dhcp\", \"pool:NAME\" or an address with its prefix such as \"10.0.0.5/24\"";
    case Format::guest_ipv6:
      return "\"auto\", \"dhcp\" or an address with its prefix such as \"fd00::5/64\"";
    case Format::integer_range:
      return "a number or a range such as \"2000-2999\"";
    case Format::url:
      return "a URL that begins with http:// or https://";
    case Format::checksum:
      return "a checksum such as \"sha256:\" and 64 hexadecimal digits";
    case Format::disk_slot:
      return "a slot (scsi0 to scsi30, virtio0 to virtio15, sata0 to sata5, ide0 to ide3)";
    case Format::nic_slot:
      return "a slot (net0 to net31)";
    case Format::storage_name:
      return "a name of a storage such as \"local-lvm\"";
    case Format::pool_id:
      return "a pool (letters, digits, \".\", \"-\" and \"_\", up to three levels joined by \"/\")";
    case Format::file:
      return "a file name";
    case Format::ssh_key:
      return "a public SSH key, or the name of a file that holds such";
  }
  return "a text";
}

bool is_public_key(std::string_view line) {
  static constexpr std::array<std::string_view, 5> kBeginnings = {"ssh-", "ecdsa-sha2-", "sk-ssh-",
                                                                  "sk-ecdsa-", "webauthn-sk-"};
  return std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [line](std::string_view each) { return line.starts_with(each); }) &&
         line.find(' ') != std::string_view::npos;
}

}  // namespace pveplan::schema
