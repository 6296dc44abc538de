#pragma once

#include "schema/diagnostic.hpp"
#include "schema/span.hpp"

#include <string>

namespace pveplan::schema {

struct RenderOptions {
  bool colour = false;  ///< repeats what words say, never carries it alone
  std::size_t columns = 80;
};

/// One diagnostic as people read it: summary, place, the line with a caret below, what to do, and
/// further places. Ends with a line break.
std::string render_diagnostic(const SourceMap& sources, const Diagnostic& diagnostic,
                              const RenderOptions& options);

/// "2 errors in 1 of 3 files."; empty when there is nothing to count.
std::string diagnostics_summary(const SourceMap& sources, const Diagnostics& diagnostics);

/// All of them. Secrets that one of them refuses are shown by none.
std::string render_items(const SourceMap& sources, const Diagnostics& diagnostics,
                         const RenderOptions& options);

/// All of them and the summary below.
std::string render_diagnostics(const SourceMap& sources, const Diagnostics& diagnostics,
                               const RenderOptions& options);

}  // namespace pveplan::schema
