// Topologies from anywhere: whatever stands in the file, there is a topology, or errors that point
// into the file and render without a byte that a terminal would act on.
#include "schema/diagnostic_text.hpp"
#include "tests/support/topologies.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

using namespace pveplan;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tests::TopologyText topology(std::string(data, data + size));
  topology.any_file("ssh-ed25519 AAAA me\n").environment("HOME", "/home/me");
  const auto loaded = topology.load();
  if (loaded.topology.has_value() == loaded.diagnostics.has_errors()) std::abort();
  for (const auto& diagnostic : loaded.diagnostics.items()) {
    const auto span = diagnostic.span;
    const bool inside =
        span.known() && span.begin <= span.end && span.end <= loaded.sources.text(span.file).size();
    if (!inside) std::abort();
  }
  schema::RenderOptions options;
  options.columns = 40 + size % 100;
  const auto text = schema::render_diagnostics(loaded.sources, loaded.diagnostics, options);
  const bool tame = std::none_of(text.begin(), text.end(), [](char c) {
    return c != '\n' && static_cast<unsigned char>(c) < 0x20;
  });
  if (!tame) std::abort();
  return 0;
}
