#pragma once

#include "schema/diagnostic.hpp"
#include "schema/value.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pveplan::lab {

/// One exchange with the genuine API, as pve/recordings keeps it: one JSON object a line.
struct Exchange {
  std::string name, method, path, query;
  std::vector<std::pair<std::string, std::string>> headers;
  schema::Value form;  ///< null: no parameters
  int status = 0;      ///< 0: the server closed the connection without an answer
  std::string reason;
  std::optional<std::string> content_type;
  schema::Value body;  ///< parsed JSON, or a string, or null when it was empty

  bool is_json() const;
};

/// All exchanges of one file.
schema::Result<std::vector<Exchange>> parse_recording(std::string_view text);

}  // namespace pveplan::lab
