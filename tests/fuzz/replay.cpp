// Runs LLVMFuzzerTestOneInput over files without any fuzzer: each as it is, then with reproducible
// mutations. Usage: fuzz_NAME MUTATIONS-A-FILE FOLDER…
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Draws = std::mt19937_64;

void run(const std::string& input) {
  // A copy of the exact size, so that the sanitizer sees every byte that is read beyond it.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::size_t below(Draws& draws, std::size_t bound) { return bound == 0 ? 0 : draws() % bound; }

/// One small change: a bit, a byte, a piece removed, repeated or taken from another input.
void mutate(std::string& text, const std::string& other, Draws& draws) {
  const auto at = below(draws, text.size());
  const auto length = 1 + below(draws, std::min<std::size_t>(16, text.size() + 1));
  switch (below(draws, 6)) {
    case 0:
      if (!text.empty()) text[at] = static_cast<char>(text[at] ^ (1 << below(draws, 8)));
      return;
    case 1:
      if (!text.empty()) text[at] = "0123456789\"{}[]:,\\-.eE\0\xff"[below(draws, 25)];
      return;
    case 2:
      text.erase(at, length);
      return;
    case 3:
      text.insert(at, text.substr(at, length));
      return;
    case 4:
      text.insert(at, other.substr(below(draws, other.size()), 4 * length));
      return;
    default:
      text.resize(at);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: {} MUTATIONS-A-FILE FOLDER...\n", argv[0]);
    return 64;
  }
  std::vector<std::filesystem::path> paths;
  for (int i = 2; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  for (const auto& path : paths) inputs.push_back(read_file(path));
  Draws draws(1);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    fmt::print("{}\n", paths[i].filename().string());
    std::fflush(stdout);  // the last line names the culprit
    run(inputs[i]);
    for (int n = std::atoi(argv[1]); n > 0; --n) {
      auto mutated = inputs[i];
      for (auto changes = 1 + below(draws, 4); changes > 0; --changes) {
        mutate(mutated, inputs[below(draws, inputs.size())], draws);
      }
      run(mutated);
    }
  }
  return inputs.empty() ? 1 : 0;
}
