#include "lab/world/mirror.hpp"

#include "lab/core/digest.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

namespace pveplan::lab {
namespace {

constexpr std::string_view kQcow2Magic{"QFI\xfb", 4};
constexpr std::int64_t kPiece = 1024 * 1024;
/// Where the first volume descriptor of an ISO image begins.
constexpr std::int64_t kDescriptor = 32 * 1024;

std::string big_endian(std::uint64_t number, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    text += static_cast<char>((number >> shift) & 0xff);
  return text;
}

/// A header of version 3 with clusters of 64 KiB and tables that lie behind it.
std::string qcow2_header(std::int64_t virtual_size) {
  const auto size = static_cast<std::uint64_t>(virtual_size);
  std::string header(kQcow2Magic);
  header += big_endian(3, 4) + std::string(12, '\0') + big_endian(16, 4);
  header += big_endian(size, 8) + std::string(4, '\0') + big_endian((size >> 29) + 1, 4);
  header += big_endian(0x30000, 8) + big_endian(0x10000, 8) + big_endian(1, 4);
  header += std::string(12 + 24, '\0') + big_endian(4, 4) + big_endian(104, 4);
  return header;
}

/// splitmix64: every word follows from its place alone.
std::uint64_t word_at(std::uint64_t place, std::uint64_t seed) {
  std::uint64_t z = (place + 1) * 0x9e3779b97f4a7c15ULL + seed;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::uint64_t seed_of(const MirrorFile& file) {
  return word_at(static_cast<std::uint64_t>(file.size), static_cast<std::uint64_t>(file.edition));
}

/// Lays `patch`, which belongs at `place` of the file, over the piece that begins at `offset`.
void overlay(std::string& piece, std::int64_t offset, std::string_view patch, std::int64_t place) {
  const std::int64_t from = std::max(offset, place);
  const std::int64_t to = std::min(offset + std::ssize(piece), place + std::ssize(patch));
  for (std::int64_t at = from; at < to; ++at)
    piece[static_cast<std::size_t>(at - offset)] = patch[static_cast<std::size_t>(at - place)];
}

const EVP_MD* digest_of(const std::string& algorithm) {
  static constexpr std::array kKnown{"md5", "sha1", "sha224", "sha256", "sha384", "sha512"};
  const bool known = std::find(kKnown.begin(), kKnown.end(), algorithm) != kKnown.end();
  return known ? EVP_get_digestbyname(algorithm.c_str()) : nullptr;
}

/// Takes bytes in pieces.
class Summer {
 public:
  explicit Summer(const EVP_MD* kind) : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), kind, nullptr);
  }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &length);
    return to_hex({digest.data(), length});
  }

 private:
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

}  // namespace

std::string mirror_bytes(const MirrorFile& file, std::int64_t offset, std::int64_t count) {
  const std::int64_t end = std::min(file.size, offset + count);
  if (offset < 0 || end <= offset) return {};
  const std::uint64_t seed = seed_of(file);
  std::string piece(static_cast<std::size_t>(end - offset), '\0');
  std::uint64_t word = 0;
  for (std::int64_t at = offset; at < end; ++at) {
    if (at == offset || at % 8 == 0) word = word_at(static_cast<std::uint64_t>(at / 8), seed);
    piece[static_cast<std::size_t>(at - offset)] = static_cast<char>(word >> (8 * (at % 8)));
  }
  if (file.format == "qcow2") overlay(piece, offset, qcow2_header(file.virtual_size), 0);
  if (file.format == "iso") overlay(piece, offset, {"\1CD001\1", 7}, kDescriptor);
  return piece;
}

std::string mirror_checksum(MirrorFile& file, const std::string& algorithm) {
  if (const auto known = file.checksums.find(algorithm); known != file.checksums.end())
    return known->second;
  const EVP_MD* kind = digest_of(algorithm);
  if (kind == nullptr) return {};
  Summer sum(kind);
  for (std::int64_t at = 0; at < file.size; at += kPiece) sum.add(mirror_bytes(file, at, kPiece));
  return file.checksums[algorithm] = sum.finish();
}

std::string checksum_of(std::string_view bytes, const std::string& algorithm) {
  const EVP_MD* kind = digest_of(algorithm);
  if (kind == nullptr) return {};
  Summer sum(kind);
  sum.add(bytes);
  return sum.finish();
}

std::string url_authority(std::string_view url) {
  const auto begin = url.find("://");
  if (begin == std::string_view::npos) return {};
  const std::string_view rest = url.substr(begin + 3);
  return std::string(rest.substr(0, rest.find('/')));
}

std::string url_file(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  return std::string(url.substr(url.rfind('/') + 1));
}

std::string media_type_of(std::string_view file_name) {
  if (file_name.ends_with(".iso")) return "application/x-iso9660-image";
  if (file_name.ends_with(".gz")) return "application/gzip";
  if (file_name.ends_with("SUMS")) return "text/plain";
  return "application/octet-stream";
}

std::int64_t qcow2_virtual_size(std::string_view bytes) {
  if (bytes.size() < 32 || !bytes.starts_with(kQcow2Magic)) return 0;
  std::uint64_t size = 0;
  for (const char byte : bytes.substr(24, 8)) size = size << 8 | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(size);
}

}  // namespace pveplan::lab
