#include "providers/pve/guest_codec/marker.hpp"

#include "providers/pve/coerce.hpp"

#include <fmt/format.h>

#include <array>

namespace pveplan::pve {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto end = text.find_last_not_of(" \n\r\t");
  return text.substr(0, end == text.npos ? 0 : end + 1);
}

std::optional<Marker> parse_marker(std::string_view line) {
  constexpr std::size_t kParts = 5;
  std::array<std::string_view, kParts> parts;
  for (std::size_t i = 0; i + 1 < kParts; ++i) {
    const auto colon = line.find(':');
    if (colon == line.npos) return std::nullopt;
    parts[i] = line.substr(0, colon);
    line.remove_prefix(colon + 1);
  }
  parts[kParts - 1] = line;
  const auto vmid = parse_integer(parts[3]);
  if (parts[0] != "pveplan" || !vmid || parts[4].empty()) return std::nullopt;
  return Marker{std::string(parts[1]), std::string(parts[2]), *vmid, std::string(parts[4])};
}

}  // namespace

std::string print(const Marker& marker) {
  return fmt::format("pveplan:{}:{}:{}:{}", marker.topology, marker.address, marker.vmid,
                     marker.nonce);
}

Description split_description(std::string_view text) {
  text = trimmed(text);
  const auto line_break = text.rfind('\n');
  const auto start = line_break == text.npos ? 0 : line_break + 1;
  auto marker = parse_marker(text.substr(start));
  if (!marker) return {std::string(text), std::nullopt};
  return {std::string(trimmed(text.substr(0, start))), std::move(marker)};
}

std::string join_description(std::string_view text, const Marker& marker) {
  text = trimmed(text);
  return text.empty() ? print(marker) : std::string(text) + "\n" + print(marker);
}

}  // namespace pveplan::pve
