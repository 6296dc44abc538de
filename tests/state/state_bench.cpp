// What 10,000 rows cost: prints CPU seconds, asserts nothing. Build it with -O2.
#include "model/sha256.hpp"
#include "schema/json.hpp"
#include "state/journal.hpp"
#include "state/record.hpp"
#include "state/snapshot.hpp"
#include "tests/state/samples.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>

using namespace pveplan;
using namespace pveplan::state;

namespace {

void measure(const char* what, const std::function<void()>& work) {
  const auto start = std::clock();
  work();
  const auto spent = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  fmt::print("{:<45}{:8.3f} s\n", what, spent);
}

std::string name_of(int i) { return fmt::format("vm.node[{}]", i); }

StateFile large_state(int rows) {
  auto state = samples::state();
  state.rows.clear();
  state.open_intents.clear();
  for (int i = 0; i < rows; ++i) {
    state.rows.emplace(samples::address(name_of(i)), samples::guest(name_of(i), 1000 + i));
  }
  return state;
}

std::string journal_of(int guests, StateFile& state) {
  std::string journal = frame(write_record({state.serial, RunStarted{1, state.lineage}}));
  const auto add = [&](Record record) {
    record.serial = state.serial + 1;
    (void)apply(record, state);
    journal += frame(write_record(record));
  };
  for (int i = 0; i < guests; ++i) {
    const auto id = state.next_intent;
    Delta delta;
    delta.rows = {{samples::guest(name_of(i), 1000 + i), {}}};
    add({0, IntentOpened{samples::intent(id, name_of(i)), {}}});
    add({0, TaskStarted{id, "UPID:pve1:00001234:00005678:66000000:qmclone:9000:root@pam:"}});
    add({0, OutcomeKnown{{id}, std::move(delta)}});
  }
  return journal;
}

}  // namespace

int main(int argc, char** argv) {
  const int rows = argc > 1 ? std::atoi(argv[1]) : 10'000;
  const auto state = large_state(rows);
  std::string bytes, journal;
  measure("write the snapshot", [&] { bytes = write_snapshot(state); });
  fmt::print("{:<45}{:8.1f} MB\n", "  its size", static_cast<double>(bytes.size()) / 1e6);
  measure("  its checksum", [&] { (void)model::sha256_hex(bytes); });
  measure("  its JSON", [&] { (void)schema::parse_json(bytes); });
  measure("read the snapshot", [&] { (void)read_snapshot(bytes); });
  auto grown = large_state(0);
  measure("journal as many guests, three records each", [&] { journal = journal_of(rows, grown); });
  fmt::print("{:<45}{:8.1f} MB\n", "  its size", static_cast<double>(journal.size()) / 1e6);
  auto replayed = large_state(0);
  measure("replay it", [&] { (void)replay(*cut_journal(journal), replayed); });
  return replayed.rows.size() == static_cast<std::size_t>(rows) ? 0 : 1;
}
