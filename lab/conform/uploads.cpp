#include "lab/conform/uploads.hpp"

#include "lab/core/parameters.hpp"
#include "lab/core/text.hpp"
#include "lab/world/mirror.hpp"

#include <fmt/format.h>

#include <regex>

namespace pveplan::lab {
namespace {

constexpr std::int64_t kImageSize = 8716288;
constexpr const char* kTinyIsoSum =
    "38f68ef39b04f6bba6005d5f34ca7baba80c997d08143f20a10f0365c84b54b4";

struct LostFile {
  std::string name;
  std::int64_t size = 0;
};

std::optional<LostFile> lost_file(const Exchange& exchange) {
  const schema::Value* file = exchange.form.has_fields() ? exchange.form.find("filename") : nullptr;
  if (file == nullptr || !file->is_string()) return std::nullopt;
  static const std::regex kShape("<file (.+), ([0-9]+) bytes>");
  std::smatch match;
  const std::string text = file->as_string();
  if (!std::regex_match(text, match, kShape)) return std::nullopt;
  return LostFile{match[1], to_integer(match[2].str()).value_or(0)};
}

/// Two files were sent again and again: an image, known by its size, and an ISO.
std::string file_bytes(std::int64_t size) {
  MirrorFile file{size, 0, "iso", {}};
  if (size == kImageSize) file = {size, 117440512, "qcow2", {}};
  return mirror_bytes(file, 0, size);
}

std::string boundary_of(const Exchange& exchange) {
  for (const auto& [name, value] : exchange.headers) {
    const auto at = value.find("boundary=");
    if (at != std::string::npos) return value.substr(at + 9);
  }
  return {};
}

}  // namespace

bool has_lost_file(const Exchange& exchange) { return lost_file(exchange).has_value(); }

std::string upload_body(const Exchange& exchange, const Bindings& bindings) {
  const LostFile file = *lost_file(exchange);
  const std::string boundary = boundary_of(exchange);
  std::string fields;
  for (const auto& [name, value] : exchange.form.as_fields()) {
    if (name == "filename") continue;
    fields += fmt::format("--{}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{}\r\n",
                          boundary, name, bindings.substitute(scalar_text(value)));
  }
  const std::string last = fmt::format(
      "--{}\r\nContent-Disposition: form-data; name=\"filename\"; filename=\"{}\"\r\n"
      "Content-Type: application/octet-stream\r\n\r\n{}\r\n",
      boundary, file.name, file_bytes(file.size));
  const bool file_first = exchange.name == "upload.file-before-fields";
  return (file_first ? last + fields : fields + last) + "--" + boundary + "--\r\n";
}

void bind_file_sums(Bindings& bindings) {
  bindings.bind(kTinyIsoSum, checksum_of(file_bytes(358400), "sha256"));
}

}  // namespace pveplan::lab
