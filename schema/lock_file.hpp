#pragma once

#include "schema/diagnostic.hpp"
#include "schema/span.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace pveplan::schema {

/// What `pveplan lock` found out about one image.
struct Pin {
  std::string url;
  std::string checksum;   ///< "sha256:…"
  std::int64_t size = 0;  ///< bytes; 0 where the server did not say
  std::string format;     ///< "qcow2" or "raw"; empty where it could not be told
  friend bool operator==(const Pin&, const Pin&) = default;
};

/// `pveplan.lock.toml`, by the names of the images.
using Pins = std::map<std::string, Pin>;

/// Reads a lock file. Errors point into it.
Pins parse_lock_file(SourceMap& sources, const std::string& path, std::string text,
                     Diagnostics& diagnostics);

/// The file's text: the same pins give the same bytes.
std::string lock_file_text(const Pins& pins);

}  // namespace pveplan::schema
