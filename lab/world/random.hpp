#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pveplan::lab {

/// The world's only source of randomness: equal seeds and equal requests give equal worlds.
struct SeededRandom {
  std::uint64_t state = 1;

  std::uint64_t next();
  /// Uniform enough in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
  std::string hex(std::size_t digits);
  std::string uuid();  ///< version 4, lower case
  /// A MAC in upper case that continues the given prefix, "BC:24:11" being the server's default.
  std::string mac(std::string_view prefix);

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("state", self.state);
  }
};

}  // namespace pveplan::lab
