// Snapshots, journals and records of any content: they are refused, or read and written again
// without a difference. Checksums are put right as well, so that the readers behind them are met.
#include "model/sha256.hpp"
#include "schema/json.hpp"
#include "state/journal.hpp"
#include "state/record.hpp"
#include "state/snapshot.hpp"
#include "state/stored_form.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace pveplan;
using namespace pveplan::state;

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "violated: {}\n", what);
  std::abort();
}

void try_snapshot(std::string_view bytes) {
  const auto state = read_snapshot(bytes);
  if (!state) return;
  const auto written = write_snapshot(*state);
  const auto again = read_snapshot(written);
  require(again.has_value(), "a snapshot that was read can be written and read");
  require(*again == *state, "a snapshot comes back as it was");
  require(write_snapshot(*again) == written, "equal states are equal bytes");
}

std::string sealed(std::string_view bytes) {
  std::string body(bytes.substr(0, bytes.rfind("\"sha256\"")));
  return fmt::format("{}\"sha256\":\"{}\"}}\n", body, model::sha256_hex(body));
}

void try_record(std::string_view json) {
  const auto record = read_record(json);
  if (!record) return;
  const auto written = write_record(*record);
  const auto again = read_record(written);
  require(again.has_value(), "a record that was read can be written and read");
  require(*again == *record, "a record comes back as it was");
  StateFile state;
  state.lineage = "aa";
  state.serial = record->serial == 0 ? 0 : record->serial - 1;
  if (apply(*record, state)) try_snapshot(write_snapshot(state));
}

void try_journal(std::string_view bytes) {
  const auto frames = cut_journal(bytes);
  if (!frames) return;
  for (const auto payload : frames->payloads) try_record(payload);
  std::string again;
  for (const auto payload : frames->payloads) again += frame(payload);
  require(again == bytes.substr(0, frames->valid_bytes), "frames are canonical");
}

void try_lines(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto line = bytes.substr(0, bytes.find('\n'));
    try_record(line.substr(std::min(line.find('{'), line.size())));
    bytes.remove_prefix(std::min(line.size() + 1, bytes.size()));
  }
}

void try_value(std::string_view bytes) {
  const auto value = schema::parse_json(bytes);
  if (!value) return;
  const auto stored = stored_form(*value);
  const auto again = schema::parse_json(schema::to_json(stored));
  require(again.has_value() && *again == stored, "stored values come back as they were");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try_snapshot(bytes);
  try_snapshot(sealed(bytes));
  try_journal(bytes);
  try_lines(bytes);
  try_value(bytes);
  return 0;
}
