#pragma once

#include <string>
#include <string_view>

namespace pveplan::state {

/// The value of a Content-MD5 header: base64 of the MD5 of the body. Empty where this system's
/// OpenSSL refuses MD5.
std::string content_md5(std::string_view body);

/// What such a header says of a body that was received.
enum class Md5Verdict {
  right,
  wrong,       ///< it is that of another body
  unreadable,  ///< no base64 of 16 bytes
  unchecked,   ///< MD5 is not to be had here
};
Md5Verdict check_md5(std::string_view header, std::string_view body);

/// For the header of HTTP basic authentication.
std::string base64(std::string_view bytes);

}  // namespace pveplan::state
