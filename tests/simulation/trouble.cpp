#include "tests/simulation/trouble.hpp"

#include "tests/support/catch.hpp"

#include <fmt/format.h>

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

Seeds::Seeds(std::string what, std::uint64_t cost)
    : what_(std::move(what)), started_(cpu_seconds()) {
#ifdef PVEPLAN_FEW_SEEDS
  most_ = 15 / cost + 1;
#else
  most_ = 1000 / cost;
#endif
  if (const auto count = number("PVEPLAN_SEEDS")) most_ = static_cast<std::uint64_t>(*count);
  if (const auto seconds = number("PVEPLAN_SEED_SECONDS")) {
    most_ = UINT64_MAX;
    most_seconds_ = *seconds;
  }
}

Seeds::~Seeds() {
  const auto seconds = cpu_seconds() - started_;
  fmt::print("{}: {} seeds, {:.0f} a second of CPU\n", what_, drawn_,
             seconds > 0 ? static_cast<double>(drawn_) / seconds : 0);
}

std::optional<std::uint64_t> Seeds::next() {
  const bool late = most_seconds_ > 0 && cpu_seconds() - started_ > most_seconds_;
  if (drawn_ >= most_ || late) return std::nullopt;
  return ++drawn_;
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
