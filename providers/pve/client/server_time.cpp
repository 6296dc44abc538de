#include "providers/pve/client/server_time.hpp"

#include "providers/pve/coerce.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>

namespace pveplan::pve {
namespace {

using namespace std::chrono;

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  const auto number = parse_integer(text.substr(at, count));
  if (!number || *number < 0) return std::nullopt;
  return static_cast<int>(*number);
}

std::optional<unsigned> month_number(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (unsigned i = 0; i < kMonths.size(); ++i) {
    if (kMonths[i] == name) return i + 1;
  }
  return std::nullopt;
}

}  // namespace

std::string rfc3339_from_http_date(std::string_view date) {
  constexpr std::size_t kLength = 29;  // the fixed form of RFC 9110, the only one that is sent
  if (date.size() != kLength || !date.ends_with(" GMT")) return {};
  const auto day = digits(date, 5, 2);
  const auto month = month_number(date.substr(8, 3));
  const auto year = digits(date, 12, 4);
  if (!day || !month || !year || date[16] != ' ') return {};
  return fmt::format("{:04}-{:02}-{:02}T{}Z", *year, *month, *day, date.substr(17, 8));
}

std::optional<std::int64_t> epoch_from_rfc3339(std::string_view text) {
  constexpr std::size_t kLength = 20;
  if (text.size() < kLength || text.back() != 'Z' || text[10] != 'T') return std::nullopt;
  const auto year_ = digits(text, 0, 4), month_ = digits(text, 5, 2), day_ = digits(text, 8, 2);
  const auto hour_ = digits(text, 11, 2), minute_ = digits(text, 14, 2),
             second_ = digits(text, 17, 2);
  if (!year_ || !month_ || !day_ || !hour_ || !minute_ || !second_) return std::nullopt;
  const year_month_day date{year(*year_), month(static_cast<unsigned>(*month_)),
                            day(static_cast<unsigned>(*day_))};
  if (!date.ok()) return std::nullopt;
  const auto at = sys_days(date) + hours(*hour_) + minutes(*minute_) + seconds(*second_);
  return duration_cast<seconds>(at.time_since_epoch()).count();
}

std::string rfc3339_from_epoch(std::int64_t epoch) {
  const sys_seconds at{seconds(epoch)};
  const auto midnight = floor<days>(at);
  const year_month_day date(midnight);
  const hh_mm_ss time(at - midnight);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace pveplan::pve
