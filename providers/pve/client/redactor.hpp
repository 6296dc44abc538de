#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pveplan::pve {

/// The one place that removes secrets from what people and files get to see of a request.
class Redactor {
 public:
  /// Remembers a secret; empty ones are ignored.
  void add(std::string secret);
  /// The text with every remembered secret replaced by a mask.
  std::string clean(std::string text) const;

  /// Whether a parameter of that name carries a secret, whoever sends it.
  static bool is_secret_parameter(std::string_view name);
  static constexpr std::string_view kMask = "(secret)";

 private:
  std::vector<std::string> secrets_;  ///< longest first: one may contain another
};

}  // namespace pveplan::pve
