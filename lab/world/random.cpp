#include "lab/world/random.hpp"

#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {

// SplitMix64: one word of state, which keeps saved worlds small.
std::uint64_t SeededRandom::next() {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::uint64_t SeededRandom::below(std::uint64_t bound) { return next() % bound; }

std::string SeededRandom::hex(std::size_t digits) {
  std::string text;
  while (text.size() < digits) text += fmt::format("{:016x}", next());
  text.resize(digits);
  return text;
}

std::string SeededRandom::uuid() {
  const std::string digits = hex(32);
  const char variant = "89ab"[below(4)];
  return fmt::format("{}-{}-4{}-{}{}-{}", digits.substr(0, 8), digits.substr(8, 4),
                     digits.substr(13, 3), variant, digits.substr(17, 3), digits.substr(20, 12));
}

std::string SeededRandom::mac(std::string_view prefix) {
  std::vector<std::string> bytes = split(prefix, ':');
  while (bytes.size() < 6) bytes.push_back(fmt::format("{:02X}", below(256)));
  return join(bytes, ":");
}

}  // namespace pveplan::lab
