#include "tests/support/lab_service.hpp"

#include "lab/world/make_world.hpp"
#include "providers/async/sleep.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sim_host.hpp"

#include <fmt/format.h>

namespace pveplan::sim {
namespace {

using namespace std::chrono_literals;

lab::World world_at(Time start) {
  lab::WorldOptions options;
  options.nodes = 1;
  options.start = start;
  return lab::make_world(options);
}

class LabFixture {
 public:
  LabFixture() : world(1), core(world_at(world.clock.now())), service(core, "pve"), host(world) {
    world.network.connect("pve:8006", service);
  }
  async::HttpReply call(const std::string& method, const std::string& target,
                        const std::string& form = "") {
    const auto& token = core.world().access.users.at("root@pam").tokens.at("pveplan");
    async::HttpRequest request;
    request.method = method;
    request.url = "https://pve:8006/api2/json" + target;
    request.writes = method != "GET";
    request.body = form;
    request.headers.emplace_back("Authorization",
                                 fmt::format("PVEAPIToken=root@pam!pveplan={}", token.secret));
    return host.loop.run(host.transport.exchange(std::move(request)));
  }

  SimWorld world;
  lab::Core core;
  LabService service;
  SimHost host;
};

}  // namespace

TEST_CASE_METHOD(LabFixture, "the lab answers over the simulated network") {
  const auto reply = call("GET", "/version?x=1");
  CHECK(reply.delivery == async::Delivery::answered);
  CHECK(reply.status == 400);
  CHECK(call("GET", "/version").status == 200);
}

TEST_CASE_METHOD(LabFixture, "a write reaches the lab's world, at the time of the simulation") {
  host.loop.run(async::sleep_for(1h));
  CHECK(call("POST", "/pools", "poolid=web").status == 200);
  CHECK(core.world().access.pools.contains("web"));
  CHECK(world.clock.now() - core.now() == 1ms);
}

TEST_CASE_METHOD(LabFixture, "a delay of the lab is felt by the client") {
  async::HttpRequest anonymous;
  anonymous.url = "https://pve:8006/api2/json/version";
  const Duration before = world.clock.steady();
  CHECK(host.loop.run(host.transport.exchange(anonymous)).status == 401);
  CHECK(world.clock.steady() - before == 3s + 2ms);
}

}  // namespace pveplan::sim
