#include "tests/simulation/trouble.hpp"

#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace pveplan::sim {

namespace {

std::optional<double> number(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  return std::strtod(text, nullptr);
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

Seeds::Seeds(std::string what, std::uint64_t most)
    : what_(std::move(what)), most_(most), started_(cpu_seconds()), printed_(started_) {
#ifdef PVEPLAN_FEW_SEEDS
  most_ = most / 60 + 1;
#endif
  if (const auto count = number("PVEPLAN_SEEDS")) most_ = static_cast<std::uint64_t>(*count);
  if (const auto seconds = number("PVEPLAN_SEED_SECONDS")) {
    most_ = UINT64_MAX;
    most_seconds_ = *seconds;
  }
  first_ = static_cast<std::uint64_t>(number("PVEPLAN_FIRST_SEED").value_or(1));
}

Seeds::~Seeds() { print_pace(); }

void Seeds::print_pace() const {
  const auto seconds = cpu_seconds() - started_;
  fmt::print("{}: {} seeds, {:.1f} a second of CPU, {} failed\n", what_, drawn_,
             seconds > 0 ? static_cast<double>(drawn_) / seconds : 0, failed_);
  std::fflush(stdout);
}

std::optional<std::uint64_t> Seeds::next() {
  const auto now = cpu_seconds();
  if (most_seconds_ > 0 && now - printed_ > 60) {
    print_pace();
    printed_ = now;
  }
  const bool late = most_seconds_ > 0 && now - started_ > most_seconds_;
  if (drawn_ >= most_ || late) return std::nullopt;
  return first_ + drawn_++;
}

void Seeds::failed(std::uint64_t seed, const std::string& replay, const std::string& why) {
  ++failed_;
  fmt::print("FAILED seed {}: PVEPLAN_SEED={} simulation_tests {} runs it alone\n{}\n", seed, seed,
             replay, why);
  std::fflush(stdout);
}

namespace {

/// A network that loses one exchange in a few, before or after its effect.
class BadNetwork final : public SimFaults {
 public:
  explicit BadNetwork(SimRandom& draws) : draws_(draws) {}
  Fate fate(const async::HttpRequest&) override {
    switch (draws_.below(12)) {
      case 0:
        return Fate::refuse;
      case 1:
        return Fate::lose_before_effect;
      case 2:
        return Fate::lose_after_effect;
      default:
        return Fate::deliver;
    }
  }
  Duration latency(const async::HttpRequest&) override {
    return std::chrono::milliseconds(draws_.below(2000));
  }

 private:
  SimRandom& draws_;
};

}  // namespace

namespace {

lab::Fault drawn_fault(SimRandom& draws) {
  using lab::FaultKind;
  constexpr FaultKind kKinds[] = {FaultKind::close_before_effect,
                                  FaultKind::close_after_effect,
                                  FaultKind::cut_answer,
                                  FaultKind::late_effect,
                                  FaultKind::delay,
                                  FaultKind::status,
                                  FaultKind::status_after_effect,
                                  FaultKind::failure,
                                  FaultKind::task_failure};
  lab::Fault fault;
  fault.kind = kKinds[draws.below(std::size(kKinds))];
  fault.method = draws.one_in(3) ? "" : "write";
  fault.skip = static_cast<int>(draws.below(8));
  fault.times = static_cast<int>(1 + draws.below(2));
  // A plain 500 is the API's own, and had no effect; a proxy's error says nothing of the effect.
  constexpr int kStatuses[] = {502, 504, 596, 597, 599};
  fault.status = kStatuses[draws.below(std::size(kStatuses))];
  if (fault.kind == FaultKind::status && draws.one_in(2))
    fault.status = draws.one_in(2) ? 500 : 595;
  fault.delay = std::chrono::seconds(1 + draws.below(29));
  if (fault.kind == FaultKind::failure)
    fault.text = "can't lock file '/var/lock/qemu-server/lock-200.conf' - got timeout";
  if (fault.kind == FaultKind::task_failure) fault.reason = "command failed: exit code 5";
  return fault;
}

SimFileFault drawn_file_fault(SimRandom& draws) {
  SimFileFault fault(draws.one_in(2) ? ENOSPC : EIO, 1 + draws.below(40));
  fault.from_then_on = draws.one_in(2);
  return fault;
}

}  // namespace

Ended run_in_trouble(Rig& rig, SimRandom& draws, const std::vector<std::string>& command,
                     std::function<void()> meanwhile) {
  BadNetwork network(draws);
  Conditions conditions;
  if (draws.one_in(3)) rig.world.network.set_faults(&network);
  if (draws.one_in(2)) conditions.stop_before = 1 + draws.below(250);
  if (draws.one_in(5)) conditions.file_faults.push_back(drawn_file_fault(draws));
  for (std::uint64_t i = draws.below(3); i > 0; --i)
    rig.lab.world().faults.push_back(drawn_fault(draws));
  conditions.meanwhile_before = 1 + draws.below(200);
  conditions.meanwhile = std::move(meanwhile);
  auto ended = rig.run(command, conditions);
  rig.world.network.set_faults(nullptr);
  rig.lab.world().faults.clear();
  rig.world.crash();
  return ended;
}

void get_through(Rig& rig, SimRandom& draws, const std::vector<std::string>& command) {
  BadNetwork network(draws);
  for (std::uint64_t i = 0, troubles = draws.below(3); i < troubles; ++i) {
    if (draws.one_in(2)) rig.world.network.set_faults(&network);
    Conditions conditions;
    if (draws.one_in(2)) conditions.stop_before = 1 + draws.below(120);
    const auto ended = rig.run(command, conditions);
    CHECK(ended.late_calls.empty());
    rig.world.network.set_faults(nullptr);
    rig.world.crash();
  }
  const auto ended = rig.run(command);
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
}

}  // namespace pveplan::sim
