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

State end_state(std::string_view exit_status) {
  if (exit_status == "OK") return State::ok;
  if (exit_status.starts_with("WARNINGS:")) return State::warnings;
  if (exit_status.empty() || exit_status == "unexpected status") return State::unknown;
  return State::failed;
}

}  // namespace pveplan::pve
