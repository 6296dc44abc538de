#include "providers/pve/task/upid.hpp"

#include "providers/pve/client/encoding.hpp"

#include <array>
#include <charconv>

namespace pveplan::pve {
namespace {

std::optional<std::int64_t> parse_hex(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (text.empty() || code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Upid> parse_upid(std::string_view text) {
  constexpr std::size_t kParts = 8;  // "UPID", six fields, and the end behind the user's colon
  std::array<std::string_view, kParts> parts;
  std::size_t start = 0;
  for (auto& part : parts) {
    const auto colon = text.find(':', start);
    if (colon == text.npos) return std::nullopt;
    part = text.substr(start, colon - start);
    start = colon + 1;
  }
  const auto start_time = parse_hex(parts[4]);
  if (start != text.size() || parts[0] != "UPID" || parts[1].empty() || parts[5].empty() ||
      !start_time || !parse_hex(parts[2]) || !parse_hex(parts[3])) {
    return std::nullopt;
  }
  Upid upid;
  upid.text = text;
  upid.node = parts[1];
  upid.start_time = *start_time;
  upid.type = parts[5];
  upid.id = percent_decode(parts[6]);
  upid.user = parts[7];
  return upid;
}

std::string task_path(const Upid& upid) {
  return "/nodes/" + percent_encode(upid.node) + "/tasks/" + percent_encode(upid.text);
}

}  // namespace pveplan::pve
