#include "lab/core/multipart.hpp"

#include "lab/core/text.hpp"

namespace pveplan::lab {
namespace {

std::string quoted_value(std::string_view text, std::string_view key) {
  const auto at = text.find(std::string(key) + "=\"");
  if (at == std::string_view::npos) return {};
  const auto begin = at + key.size() + 2;
  return std::string(text.substr(begin, text.find('"', begin) - begin));
}

std::string boundary_of(std::string_view content_type) {
  const auto at = content_type.find("boundary=");
  if (at == std::string_view::npos) return {};
  std::string_view value = content_type.substr(at + 9);
  value = value.substr(0, value.find(';'));
  if (value.starts_with('"')) value = value.substr(1, value.find('"', 1) - 1);
  return std::string(trim(value));
}

}  // namespace

std::optional<Multipart> parse_multipart(std::string_view content_type, std::string_view body) {
  const std::string boundary = boundary_of(content_type);
  const std::string mark = "--" + boundary;
  if (boundary.empty() || !body.starts_with(mark)) return std::nullopt;
  Multipart result;
  std::size_t at = mark.size();
  while (!result.file && body.substr(at).starts_with("\r\n")) {
    const auto head_end = body.find("\r\n\r\n", at);
    const auto end = body.find("\r\n" + mark, head_end);
    if (head_end == std::string_view::npos || end == std::string_view::npos) return std::nullopt;
    const std::string_view head = body.substr(at, head_end - at);
    const std::string_view content = body.substr(head_end + 4, end - head_end - 4);
    const std::string name = quoted_value(head, " name");
    const std::string file = quoted_value(head, "filename");
    if (name == "filename" && !file.empty()) {
      result.file = Upload{file, content, {}};
    } else {
      result.fields[name] = schema::Value::string(std::string(content));
    }
    at = end + 2 + mark.size();
  }
  return result;
}

}  // namespace pveplan::lab
