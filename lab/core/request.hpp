#pragma once

#include "lab/core/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pveplan::lab {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// First header of that name, compared without case.
std::optional<std::string> find_header(const Headers& headers, std::string_view name);

/// One HTTP request as it came off the wire: nothing is decoded yet.
struct Request {
  std::string method;
  std::string path;   ///< raw, still percent-encoded, without the query
  std::string query;  ///< raw, without the question mark
  Headers headers;
  std::string body;
  std::string node;  ///< the node that was called; empty = the first one
  std::uint64_t connection = 0;
};

/// What a front end does with an answer.
enum class Disposition {
  send,                 ///< write it at `not_before`
  refuse,               ///< the connection cannot even be made
  close_before_effect,  ///< the request was lost: nothing happened, nothing is answered
  close_after_effect,   ///< it had its effect, but the connection dies without an answer
  cut,                  ///< the connection dies in the middle of the answer
};

struct Answer {
  int status = 200;
  std::string reason = "OK";
  Headers headers;
  std::string body;
  Time not_before;  ///< lab time before which no byte may be sent
  Disposition disposition = Disposition::send;

  /// The real server closes the connection after every answer of 400 and above.
  bool closes_connection() const { return status >= 400; }
};

}  // namespace pveplan::lab
