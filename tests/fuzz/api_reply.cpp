// Answers of any content: each becomes data or a failure, never a crash, and an error never
// counts as success.
#include "providers/async/http.hpp"
#include "providers/pve/client/envelope.hpp"
#include "providers/pve/client/failure.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace pveplan;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line_end = std::min(text.find('\n'), text.size());
  for (const int status : {200, 301, 400, 401, 403, 500, 501, 595, 596}) {
    for (const bool writes : {false, true}) {
      async::HttpReply reply;
      reply.delivery = async::Delivery::answered;
      reply.status = status;
      reply.reason = std::string(text.substr(0, line_end));
      reply.body = std::string(text.substr(std::min(line_end + 1, text.size())));
      const auto result = pve::decode_envelope(reply, "GET /fuzz", writes);
      if (status < 400 || !result) continue;
      fmt::print(stderr, "violated: status {} was taken for success\n", status);
      std::abort();
    }
  }
  (void)pve::classify_text(text);
  return 0;
}
