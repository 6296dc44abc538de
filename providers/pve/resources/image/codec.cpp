#include "providers/pve/resources/image/codec.hpp"

#include "providers/pve/coerce.hpp"

#include <algorithm>
#include <array>

namespace pveplan::pve {
namespace {

constexpr std::size_t kPinnedDigits = 12;

std::string lower(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// What the server makes of any file name, so that both sides use the same.
std::string normalised(std::string name) {
  for (auto& c : name) {
    const bool kept =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
    if (!kept) c = '_';
  }
  return name;
}

std::string url_file_name(const schema::Value& attributes) {
  auto url = text_of(attributes, "url");
  if (url.empty()) url = text_of(attributes, "file");
  url.resize(std::min(url.find_first_of("?#"), url.size()));
  const auto slash = url.rfind('/');
  return slash == url.npos ? url : url.substr(slash + 1);
}

/// The suffix that tells what the file is: ".tar.zst". Empty when there is none that counts.
std::string suffix_of(const std::string& name) {
  static constexpr auto kSuffixes =
      std::to_array<std::string_view>({".tar.zst", ".tar.gz", ".tar.xz", ".tar.bz2", ".qcow2",
                                       ".vmdk", ".raw", ".img", ".iso", ".ova", ".tar"});
  const auto folded = lower(name);
  for (const auto suffix : kSuffixes) {
    if (folded.ends_with(suffix) && folded.size() > suffix.size()) return std::string(suffix);
  }
  return {};
}

/// `.img` says nothing: most cloud images called so are qcow2, and the server checks.
std::string stored_suffix(const schema::Value& attributes) {
  const auto suffix = suffix_of(url_file_name(attributes));
  const auto content = image_content(attributes);
  if (content == "iso") return suffix == ".img" ? suffix : ".iso";
  if (content == "vztmpl") return suffix.starts_with(".tar") ? suffix : ".tar.zst";
  const auto format = text_of(attributes, "format");
  if (!format.empty()) return "." + format;
  return suffix.empty() || suffix == ".img" ? ".qcow2" : suffix;
}

}  // namespace

std::optional<Checksum> parse_checksum(std::string_view text) {
  const auto colon = text.find(':');
  Checksum result;
  result.digits = lower(std::string(colon == text.npos ? text : text.substr(colon + 1)));
  const bool hexadecimal = result.digits.find_first_not_of("0123456789abcdef") == text.npos;
  if (result.digits.empty() || !hexadecimal) return std::nullopt;
  if (colon != text.npos) {
    result.algorithm = lower(std::string(text.substr(0, colon)));
    return result;
  }
  static constexpr auto kLengths = std::to_array<std::pair<std::size_t, std::string_view>>(
      {{32, "md5"}, {40, "sha1"}, {56, "sha224"}, {64, "sha256"}, {96, "sha384"}, {128, "sha512"}});
  for (const auto& [length, algorithm] : kLengths) {
    if (length == result.digits.size()) result.algorithm = algorithm;
  }
  if (result.algorithm.empty()) return std::nullopt;
  return result;
}

std::string image_content(const schema::Value& attributes) {
  const auto stated = text_of(attributes, "content");
  if (stated == "container") return "vztmpl";
  if (!stated.empty()) return stated;
  const auto suffix = suffix_of(url_file_name(attributes));
  if (suffix == ".iso") return "iso";
  return suffix.starts_with(".tar") ? "vztmpl" : "import";
}

std::string image_file_name(const std::string& block, const schema::Value& attributes) {
  auto name = text_of(attributes, "name");
  if (name.empty()) {
    name = block;
    const auto checksum = parse_checksum(text_of(attributes, "checksum"));
    if (checksum) name += "-" + checksum->digits.substr(0, kPinnedDigits);
  }
  const auto suffix = stored_suffix(attributes);
  return normalised(lower(name).ends_with(suffix) ? name : name + suffix);
}

std::string image_volume(const std::string& block, const schema::Value& attributes) {
  return text_of(attributes, "storage") + ":" + image_content(attributes) + "/" +
         image_file_name(block, attributes);
}

std::string file_of_volume(const std::string& volid) { return volid.substr(volid.rfind('/') + 1); }

std::string image_refusal(const schema::Value& attributes) {
  if (!text_of(attributes, "file").empty())
    return "Uploading a file from this machine is not supported yet: put it behind a `url`.";
  if (text_of(attributes, "url").empty())
    return "The image has no `url`: run pveplan lock to look it up.";
  static constexpr auto kPacked = std::to_array<std::string_view>({".xz", ".gz", ".bz2", ".zst"});
  const auto name = lower(url_file_name(attributes));
  const bool packed = std::any_of(kPacked.begin(), kPacked.end(),
                                  [&name](std::string_view each) { return name.ends_with(each); });
  if (packed && image_content(attributes) == "import")
    return "Proxmox unpacks no disk images while it downloads them: name an image that is not "
           "compressed.";
  return {};
}

}  // namespace pveplan::pve
