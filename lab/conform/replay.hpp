#pragma once

#include "lab/conform/recording.hpp"
#include "lab/world/world.hpp"

#include <span>
#include <string>
#include <vector>

namespace pveplan::lab {

enum class Verdict { matched, differing, not_covered };

struct ExchangeReport {
  std::string name;
  std::string call;  ///< "GET /version"
  Verdict verdict = Verdict::matched;
  std::vector<std::string> differences;
};

struct ConformanceReport {
  std::vector<ExchangeReport> exchanges;

  std::size_t count(Verdict verdict) const;
  /// Matched exchanges in thousandths, rounded down; what is not covered counts as missed.
  int matched_permille() const;
};

/// Plays a recording against a copy of the world. Lab time passes only where the recording shows
/// that a task has ended.
ConformanceReport replay(World world, std::span<const Exchange> exchanges);

/// One line for a file, and with `verbose` each difference below it.
std::string format_report(const std::string& file, const ConformanceReport& report, bool verbose);

}  // namespace pveplan::lab
