#include "tests/support/sim_host.hpp"

#include "providers/async/sleep.hpp"

#include <fmt/format.h>

namespace pveplan::sim {

void SimWorld::crash() { crash(draws.one_in(2) ? Crash::power_lost : Crash::process_killed); }

void SimWorld::crash(Crash kind) {
  trace.add(kind == Crash::power_lost ? "power lost" : "process killed");
  disk.crash(kind);
  clock.pass(std::chrono::milliseconds(draws.below(120'000)));
  trace.add("may be started again");
}

async::Task<std::expected<std::string, std::string>> SimDialer::reach(std::string peer) {
  if (!control_.enter("dial " + peer))
    co_return std::unexpected(std::string("the process has been stopped"));
  co_await async::sleep_for(std::chrono::milliseconds(1));
  const auto found = greetings_.find(peer);
  if (found == greetings_.end()) co_return std::unexpected(std::string("Connection refused"));
  co_return found->second;
}

async::Task<async::Greeting> SimDialer::greeting(std::string address, int port,
                                                 std::chrono::milliseconds) {
  auto heard = co_await reach(fmt::format("{}:{}", address, port));
  if (heard && heard->empty())
    co_return std::unexpected(std::string("it accepted and said nothing"));
  co_return heard;
}

async::Task<std::expected<void, std::string>> SimDialer::connect(std::string address, int port,
                                                                 std::chrono::milliseconds) {
  const auto heard = co_await reach(fmt::format("{}:{}", address, port));
  if (!heard) co_return std::unexpected(heard.error());
  co_return std::expected<void, std::string>();
}

SimHost::SimHost(SimWorld& the_world)
    : world(the_world),
      control(world.trace),
      random(world.client_seed++),
      files(world.disk, control, world.draws, environment.folder),
      loop(world.clock),
      transport(world.network, control),
      processes(control),
      signals(control, world.clock),
      input(control),
      dialer(world.greetings, control),
      host(loop, transport, world.clock, files, random, environment, processes, signals, input,
           dialer) {
  loop.set_poller(&world.clock);
  environment.pid = static_cast<int>(world.client_seed % 30'000) + 2;
}

}  // namespace pveplan::sim
