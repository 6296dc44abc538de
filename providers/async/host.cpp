#include "providers/async/host.hpp"

#include <fmt/format.h>

#include <cstring>

namespace pveplan::async {

std::string FileError::text() const {
  return fmt::format("cannot {} '{}': {}", operation, path, std::strerror(code));
}

std::string Random::hex(std::size_t bytes) {
  std::string result;
  while (result.size() < 2 * bytes) result += fmt::format("{:016x}", next());
  result.resize(2 * bytes);
  return result;
}

std::optional<std::string> HttpReply::header(const std::string& name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return std::nullopt;
}

}  // namespace pveplan::async
