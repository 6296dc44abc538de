// Plan files of any content: refused, or read and written again without a difference.
#include "engine/plan_file.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace pveplan;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto read = engine::read_plan_file(text, "fuzz.json", {});
  if (!read || !read->missing_secrets.empty()) return 0;
  const auto written =
      engine::write_plan_file(read->saved, [](const std::string&) { return std::string(64, '0'); });
  if (written == text) return 0;
  fmt::print(stderr, "violated: a plan that was read is written as it was\n");
  std::abort();
}
