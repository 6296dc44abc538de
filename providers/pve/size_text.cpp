#include "providers/pve/size_text.hpp"

#include "providers/pve/coerce.hpp"
#include "schema/units.hpp"

namespace pveplan::pve {
namespace {

constexpr std::int64_t kKibi = 1024;
constexpr std::string_view kUnits = "KMGT";

std::int64_t unit_bytes(std::size_t index) {
  std::int64_t bytes = 1;
  for (std::size_t i = 0; i <= index; ++i) bytes *= kKibi;
  return bytes;
}

}  // namespace

std::optional<std::int64_t> parse_size_text(std::string_view text) {
  if (text.ends_with("iB")) text.remove_suffix(2);
  std::int64_t unit = 1;
  if (!text.empty()) {
    if (const auto index = kUnits.find(text.back()); index != kUnits.npos) {
      unit = unit_bytes(index);
      text.remove_suffix(1);
    }
  }
  const auto dot = text.find('.');
  const auto whole = parse_integer(text.substr(0, dot));
  if (!whole || *whole < 0 || *whole > INT64_MAX / unit) return std::nullopt;
  auto bytes = *whole * unit;
  if (dot == text.npos) return bytes;
  std::int64_t place = unit;  // of the digit, in bytes; below one byte nothing counts
  for (const char digit : text.substr(dot + 1)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    bytes += place * (digit - '0') / 10;
    place /= 10;
  }
  return bytes;
}

std::string size_text(std::int64_t bytes) {
  for (auto index = kUnits.size(); index-- > 0;) {
    const auto unit = unit_bytes(index);
    if (bytes != 0 && bytes % unit == 0) return std::to_string(bytes / unit) + kUnits[index];
  }
  return std::to_string(bytes);
}

std::string readable_bytes(std::int64_t bytes) {
  return schema::readable_size(static_cast<std::uint64_t>(bytes));
}

std::string gibibytes_text(std::int64_t bytes) {
  const auto gibi = unit_bytes(2);
  auto result = std::to_string(bytes / gibi);
  auto rest = bytes % gibi;
  if (rest == 0) return result;
  result += '.';
  // 1/1024 GiB has ten decimals: whole MiB are exact, and the server rounds kB up
  constexpr int kDigits = 10;
  for (int i = 0; i < kDigits && rest != 0; ++i) {
    rest *= 10;
    result += static_cast<char>('0' + rest / gibi);
    rest %= gibi;
  }
  return result;
}

}  // namespace pveplan::pve
