#pragma once

#include "schema/decode_context.hpp"

#include <string>
#include <vector>

namespace pveplan::schema {

/// The trees of all files that were read, in the order of the context's sources; null where one
/// could not be parsed.
using Documents = std::vector<NodePtr>;

/// Reads and parses one file; `help` is added to the message when it cannot be read.
NodePtr read_document(DecodeContext& context, const std::string& path, Span named_at,
                      Documents& documents, std::string_view help = {});

/// Reads the root file and whatever it includes, and makes one tree of them; null when the root
/// itself cannot be used. Sets `incomplete` when a file is missing from it.
NodePtr read_with_includes(DecodeContext& context, const std::string& path, Documents& documents);

}  // namespace pveplan::schema
