#include "providers/pve/task/task_log.hpp"

#include "providers/pve/coerce.hpp"

#include <algorithm>

namespace pveplan::pve {

using State = core::TaskEnd::State;

std::vector<std::string> log_lines(const schema::Value& answer) {
  std::vector<std::pair<std::int64_t, std::string>> numbered;
  if (answer.kind() != schema::Value::Kind::list) return {};
  for (const auto& line : answer.as_list()) {
    numbered.emplace_back(integer_of(line, "n"), text_of(line, "t"));
  }
  std::stable_sort(numbered.begin(), numbered.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> lines;
  for (auto& [number, text] : numbered) {
    if (!text.starts_with("TASK ") && text != "no content") lines.push_back(std::move(text));
  }
  return lines;
}

std::optional<int> log_percent(const std::vector<std::string>& lines) {
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    const auto percent = line->find('%');
    if (percent == line->npos) continue;
    auto start = percent;
    while (start > 0 && (std::isdigit(static_cast<unsigned char>((*line)[start - 1])) != 0 ||
                         (*line)[start - 1] == '.')) {
      --start;
    }
    const auto number = line->substr(start, percent - start);
    const auto whole = parse_integer(number.substr(0, number.find('.')));
    if (whole && *whole >= 0 && *whole <= 100) return static_cast<int>(*whole);
  }
  return std::nullopt;
}

namespace {

constexpr std::size_t kExcerpt = 6;

std::string_view without_margins(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// "drive-scsi0: transferred 12.0 MiB of 1.0 GiB (1.17%) in 1s", and wget's "50K .......... 34%".
bool tells_progress(std::string_view line) {
  constexpr std::string_view kDigits = "0123456789";
  if (line.find("transferred ") != line.npos && line.find("%)") != line.npos) return true;
  const auto unit = line.find_first_not_of(kDigits);
  if (unit == 0 || unit == line.npos || !line.substr(unit).starts_with("K ")) return false;
  const auto behind = line.find_first_not_of("., ", unit + 1);
  return behind == line.npos || kDigits.find(line[behind]) != kDigits.npos;
}

}  // namespace

std::vector<std::string> log_excerpt(const std::vector<std::string>& lines) {
  std::vector<std::string> kept;
  for (const auto& line : lines) {
    const auto text = without_margins(line);
    if (!text.empty() && !tells_progress(text)) kept.emplace_back(text);
  }
  const auto drop = kept.size() - std::min(kept.size(), kExcerpt);
  kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(drop));
  return kept;
}

State end_state(std::string_view exit_status) {
  if (exit_status == "OK") return State::ok;
  if (exit_status.starts_with("WARNINGS:")) return State::warnings;
  if (exit_status.empty() || exit_status == "unexpected status") return State::unknown;
  return State::failed;
}

}  // namespace pveplan::pve
