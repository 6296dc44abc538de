#include "tests/simulation/trouble.hpp"

#include "tests/support/catch.hpp"

#include <cstdlib>

namespace pveplan::sim {

std::uint64_t seed_count() {
  const char* text = std::getenv("PVEPLAN_SEEDS");
  if (text != nullptr) return std::strtoull(text, nullptr, 10);
#ifdef PVEPLAN_FEW_SEEDS
  return 15;
#else
  return 1000;
#endif
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
