#include "schema/convert.hpp"
#include "schema/formats.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::schema {
namespace {

/// The lines of a file that say something: no blanks, no comments.
std::vector<std::string> key_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < text.size();) {
    const auto end = std::min(text.find('\n', start), text.size());
    auto line = std::string_view(text).substr(start, end - start);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    if (!line.empty() && line.front() != '#') lines.emplace_back(line);
    start = end + 1;
  }
  return lines;
}

}  // namespace

Value Converter::check_file(const std::string& written, const Site& site) {
  const auto path = context_.resolve_path(written, site.file());
  if (!context_.file_exists(path)) {
    report("File not found",
           fmt::format("\"{}\" names the file {}, which does not exist.", site.path(), path), site);
    return Value();
  }
  return Value::string(path);
}

Value Converter::check_keys(const std::string& written, const Site& site) {
  if (is_public_key(written)) return Value::string(written);
  const auto path = context_.resolve_path(written, site.file());
  const auto text = context_.read_file(path);
  if (!text) {
    report("File not found",
           fmt::format("\"{}\" is no public key, and the file {} cannot be read: {}. Write the key "
                       "itself, name another file, or make a pair with `ssh-keygen -t ed25519`.",
                       written, path, text.error()),
           site);
    return Value();
  }
  if (text->find("PRIVATE KEY-----") != std::string::npos) {
    report(
        "Private key",
        fmt::format("{} holds a private key. Name the public one, which ends with \".pub\".", path),
        site);
    return Value();
  }
  Value::List keys;
  for (auto& line : key_lines(*text)) {
    if (!is_public_key(line)) {
      report("Invalid value", fmt::format("{} has a line that is no public SSH key.", path), site);
      return Value();
    }
    keys.push_back(Value::string(std::move(line)));
  }
  if (keys.empty()) {
    report("Invalid value", fmt::format("{} holds no public SSH key.", path), site);
    return Value();
  }
  return keys.size() == 1 ? keys[0] : Value::list(std::move(keys));
}

}  // namespace pveplan::schema
