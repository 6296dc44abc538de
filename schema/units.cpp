#include "schema/units.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <charconv>
#include <optional>

namespace pveplan::schema {
namespace {

constexpr std::array<std::string_view, 6> kSizeUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};

struct DurationUnit {
  char letter;
  std::int64_t seconds;
};
constexpr std::array<DurationUnit, 4> kDurationUnits = {
    {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};

std::size_t digits_at(std::string_view text, std::size_t begin) {
  std::size_t count = 0;
  while (begin + count < text.size() &&
         std::isdigit(static_cast<unsigned char>(text[begin + count])) != 0) {
    ++count;
  }
  return count;
}

std::optional<std::int64_t> parse_digits(std::string_view digits) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (code != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

/// `number` times 1024 to the power of `exponent`, plus a decimal fraction of it, if that is whole.
std::optional<std::int64_t> scale(std::int64_t number, std::string_view fraction, int exponent) {
  const std::int64_t factor = std::int64_t{1} << (10 * exponent);
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(number, factor, &bytes)) return std::nullopt;
  std::int64_t part = factor;
  std::int64_t divisor = 1;
  std::int64_t sum = 0;
  for (const char digit : fraction) {
    if (divisor > 1'000'000'000) return std::nullopt;
    divisor *= 10;
    sum = sum * 10 + (digit - '0');
  }
  if (__builtin_mul_overflow(part, sum, &part) || part % divisor != 0) return std::nullopt;
  if (__builtin_add_overflow(bytes, part / divisor, &bytes)) return std::nullopt;
  return bytes;
}

/// What people write for a unit when they mean one of ours: "G", "gb", "GB", "gib".
std::optional<std::size_t> guess_unit(std::string_view written) {
  static constexpr std::string_view kLetters = "bkmgtp";
  if (written.empty() || written.size() > 3) return std::nullopt;
  const auto first = static_cast<char>(std::tolower(static_cast<unsigned char>(written[0])));
  const auto at = kLetters.find(first);
  if (at == std::string_view::npos) return std::nullopt;
  return at;
}

}  // namespace

std::expected<std::int64_t, std::string> parse_size(std::string_view text) {
  const auto whole = digits_at(text, 0);
  if (whole == 0) return std::unexpected("Sizes are a number and a unit: write \"40GiB\".");
  std::size_t end = whole;
  std::string_view fraction;
  if (end < text.size() && text[end] == '.') {
    fraction = text.substr(end + 1, digits_at(text, end + 1));
    end += 1 + fraction.size();
  }
  const auto number_text = text.substr(0, end);
  auto unit = text.substr(end);
  if (unit.empty()) {
    return std::unexpected(fmt::format("Sizes have units: write \"{}GiB\".", number_text));
  }
  for (std::size_t i = 0; i < kSizeUnits.size(); ++i) {
    if (kSizeUnits[i] != unit) continue;
    const auto number = parse_digits(text.substr(0, whole));
    const auto bytes = number ? scale(*number, fraction, static_cast<int>(i)) : std::nullopt;
    if (bytes) return *bytes;
    return std::unexpected(fmt::format("\"{}\" is no whole number of bytes below 8 EiB.", text));
  }
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  const auto guess = guess_unit(unit);
  if (!guess) {
    return std::unexpected(
        "The units of sizes are B, KiB, MiB, GiB, TiB and PiB: write \"40GiB\".");
  }
  return std::unexpected(
      fmt::format("Sizes use the units B, KiB, MiB, GiB, TiB and PiB: write \"{}{}\".", number_text,
                  kSizeUnits[*guess]));
}

std::string advise_unit(std::string_view number, bool usual_unit_is_mebibyte) {
  constexpr std::int64_t kFewMebibytes = 64;  // nobody gives a guest less: gibibytes are meant
  constexpr std::int64_t kMebibyte = 1 << 20;
  const auto whole = parse_digits(number);
  if (whole && *whole >= kMebibyte && *whole % kMebibyte == 0) {
    return fmt::format("Sizes have units: write \"{}\" if {} bytes are meant.", format_size(*whole),
                       number);
  }
  if (number.starts_with('-')) return "Sizes are a number and a unit: write \"40GiB\".";
  if (!usual_unit_is_mebibyte) return fmt::format("Sizes have units: write \"{}GiB\".", number);
  if (!whole || *whole < kFewMebibytes) {
    return fmt::format("Sizes have units: write \"{0}GiB\", or \"{0}MiB\" if that is meant.",
                       number);
  }
  if (*whole % 1024 != 0) return fmt::format("Sizes have units: write \"{}MiB\".", number);
  return fmt::format("Sizes have units: write \"{}MiB\", or \"{}GiB\", which is the same.", number,
                     *whole / 1024);
}

std::string format_size(std::int64_t bytes) {
  std::size_t unit = 0;
  while (unit + 1 < kSizeUnits.size() && bytes != 0 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{}{}", bytes, kSizeUnits[unit]);
}

std::string readable_size(std::uint64_t bytes) {
  std::size_t unit = 0;
  auto scale = std::uint64_t{1};
  while (unit + 1 < kSizeUnits.size() && bytes / scale >= 1024) {
    scale *= 1024;
    ++unit;
  }
  // Two decimals are shown only when they are exact; otherwise a smaller unit says it exactly.
  while (unit > 0 && (bytes % scale) * 100 % scale != 0) {
    scale /= 1024;
    --unit;
  }
  const auto whole = bytes / scale;
  const auto hundredths = (bytes % scale) * 100 / scale;
  if (hundredths == 0) return fmt::format("{} {}", whole, kSizeUnits[unit]);
  auto text = fmt::format("{}.{:02}", whole, hundredths);
  if (text.back() == '0') text.pop_back();
  return fmt::format("{} {}", text, kSizeUnits[unit]);
}

std::expected<std::int64_t, std::string> parse_duration(std::string_view text) {
  static constexpr auto kHelp = "Durations have units: write \"90s\", \"5m\", \"2h\" or \"1d\".";
  std::int64_t total = 0;
  std::size_t at = 0;
  std::size_t smallest = 0;  // units go from large to small, each at most once
  while (at < text.size()) {
    const auto digits = digits_at(text, at);
    const auto number = parse_digits(text.substr(at, digits));
    at += digits;
    if (!number || at >= text.size()) return std::unexpected(kHelp);
    while (smallest < kDurationUnits.size() && kDurationUnits[smallest].letter != text[at])
      ++smallest;
    if (smallest == kDurationUnits.size()) return std::unexpected(kHelp);
    std::int64_t seconds = 0;
    if (__builtin_mul_overflow(*number, kDurationUnits[smallest].seconds, &seconds) ||
        __builtin_add_overflow(total, seconds, &total)) {
      return std::unexpected("The duration is too long.");
    }
    ++smallest;
    ++at;
  }
  if (text.empty()) return std::unexpected(kHelp);
  return total;
}

std::string format_duration(std::int64_t seconds) {
  std::string result;
  for (const auto& unit : kDurationUnits) {
    if (seconds < unit.seconds) continue;
    result += fmt::format("{}{}", seconds / unit.seconds, unit.letter);
    seconds %= unit.seconds;
  }
  return result.empty() ? "0s" : result;
}

}  // namespace pveplan::schema
