#include "state/content_md5.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace pveplan::state {
namespace {

constexpr std::size_t kMd5Bytes = 16;

bool is_base64_of_md5(std::string_view text) {
  constexpr std::size_t kLength = 24;  // with the two fill characters
  if (text.size() != kLength || !text.ends_with("==")) return false;
  text.remove_suffix(2);
  return std::all_of(text.begin(), text.end(), [](char each) {
    const bool letter = (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z');
    return letter || (each >= '0' && each <= '9') || each == '+' || each == '/';
  });
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // OpenSSL ends it with a zero
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::string content_md5(std::string_view body) {
  std::array<char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const int done =
      EVP_Digest(body.data(), body.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_md5(), nullptr);
  if (done != 1 || size != kMd5Bytes) return {};
  return base64({digest.data(), size});
}

Md5Verdict check_md5(std::string_view header, std::string_view body) {
  if (!is_base64_of_md5(header)) return Md5Verdict::unreadable;
  const auto right = content_md5(body);
  if (right.empty()) return Md5Verdict::unchecked;
  return right == header ? Md5Verdict::right : Md5Verdict::wrong;
}

}  // namespace pveplan::state
