#include "engine/lock/checksum_list.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace pveplan::engine {
namespace {

struct Algorithm {
  std::size_t digits;
  std::string_view name;
};
constexpr std::array<Algorithm, 5> kAlgorithms = {
    {{32, "md5"}, {40, "sha1"}, {64, "sha256"}, {96, "sha384"}, {128, "sha512"}}};

std::string lower(std::string_view text) {
  std::string result(text);
  for (auto& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

/// "sha256:…" of bare digits, whose number tells the algorithm.
std::optional<std::string> with_algorithm(std::string_view digits) {
  if (digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos) return std::nullopt;
  for (const auto& each : kAlgorithms) {
    if (each.digits == digits.size()) return std::string(each.name) + ":" + lower(digits);
  }
  return std::nullopt;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const auto first = line.find_first_not_of(" \t\r");
    if (first == line.npos) break;
    line.remove_prefix(first);
    const auto end = std::min(line.find_first_of(" \t\r"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

/// "./images/debian.qcow2" and "*debian.qcow2" mean the same file.
std::string_view base_name(std::string_view name) {
  if (name.starts_with('*')) name.remove_prefix(1);
  const auto slash = name.rfind('/');
  return slash == name.npos ? name : name.substr(slash + 1);
}

/// "SHA256 (name) = digits"
std::optional<std::string> from_bsd_line(std::string_view line, std::string_view file_name) {
  const auto open = line.find(" ("), close = line.rfind(") = ");
  if (open == line.npos || close == line.npos || close < open) return std::nullopt;
  if (base_name(line.substr(open + 2, close - open - 2)) != file_name) return std::nullopt;
  const auto words = words_of(line.substr(close + 4));
  return words.size() == 1 ? with_algorithm(words.front()) : std::nullopt;
}

}  // namespace

std::optional<std::string> find_checksum(std::string_view list, std::string_view file_name) {
  std::optional<std::string> lonely;
  std::size_t lonely_count = 0;
  while (!list.empty()) {
    const auto end = std::min(list.find('\n'), list.size());
    const auto line = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (auto found = from_bsd_line(line, file_name)) return found;
    const auto words = words_of(line);
    if (words.size() == 2 && base_name(words[1]) == file_name) {
      if (auto found = with_algorithm(words[0])) return found;
    }
    if (words.size() != 1) continue;
    if (auto found = with_algorithm(words[0])) {
      lonely = std::move(found);
      ++lonely_count;
    }
  }
  return lonely_count == 1 ? lonely : std::nullopt;
}

}  // namespace pveplan::engine
