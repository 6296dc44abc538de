#include "tests/support/sim_host.hpp"

#include "providers/async/all_settled.hpp"
#include "providers/async/sleep.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/scripted_transport.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <set>
#include <string>

namespace pveplan::sim {
namespace {

using namespace std::chrono_literals;
using async::Delivery;
using async::HttpReply;
using async::HttpRequest;
using async::Task;

/// Counts what reaches it; an answer takes as long as it is told.
class CountingService : public SimService {
 public:
  SimAnswer handle(const HttpRequest& request, Time now) override {
    ++seen;
    SimAnswer answer;
    answer.body = request.method + " " + std::to_string(seen);
    answer.headers.emplace_back("Content-Type", "text/plain");
    answer.ready_at = now + delay;
    answer.fate = fate;
    return answer;
  }
  int seen = 0;
  Duration delay{0};
  Fate fate = Fate::deliver;
};

class OneFate : public SimFaults {
 public:
  explicit OneFate(Fate fate, Duration latency = 1ms) : fate_(fate), latency_(latency) {}
  Fate fate(const HttpRequest&) override { return fate_; }
  Duration latency(const HttpRequest&) override { return latency_; }

 private:
  Fate fate_;
  Duration latency_;
};

HttpRequest post(const std::string& path) {
  HttpRequest request;
  request.method = "POST";
  request.url = "https://pve:8006" + path;
  request.writes = true;
  return request;
}

Task<HttpReply> send(async::Host& host, std::string path) {
  const HttpReply reply = co_await host.transport.exchange(post(path));
  co_return reply;
}

/// A client as the engine will be one: note the intent, send, note the outcome.
Task<void> careful_client(async::Host& host) {
  auto journal = host.files.open_append("journal", 0600);
  if (!journal) co_return;
  if (!(*journal)->append("intent ") || !(*journal)->sync()) co_return;
  if (!host.files.sync_directory(".")) co_return;
  const HttpReply reply = co_await send(host, "/create");
  if (reply.delivery != Delivery::answered) co_return;
  if (!(*journal)->append("done ") || !(*journal)->sync()) co_return;
}

class Cleanup {
 public:
  explicit Cleanup(async::Files& files) : files_(files) {}
  ~Cleanup() { static_cast<void>(files_.remove("temporary")); }

 private:
  async::Files& files_;
};

Task<void> careless_client(async::Host& host) {
  const Cleanup cleanup(host.files);
  static_cast<void>(host.files.write("temporary", "", 0600));
  co_await async::sleep_for(1s);
  static_cast<void>(host.files.read("temporary"));
}

/// One run of the careful client that is stopped at a boundary, as text for comparing.
std::string stopped_run(std::uint64_t seed, std::uint64_t boundary) {
  SimWorld world(seed);
  world.disk.place("/home/tester/topology/pveplan.toml", "");
  CountingService service;
  world.network.connect("pve:8006", service);
  {
    SimHost host(world);
    host.control.stop_before(boundary);
    CHECK_THROWS_AS(host.loop.run(careful_client(host.host)), SimulatedStop);
    CHECK(host.control.calls_after_stop().empty());
  }
  world.crash();
  const auto journal = world.disk.content("/home/tester/topology/journal");
  CHECK((service.seen == 0 || (journal && journal->starts_with("intent "))));
  return fmt::format("{} seen {} {:x}", journal.value_or("absent"), service.seen,
                     world.trace.hash());
}

std::uint64_t boundaries_of_a_whole_run() {
  SimWorld world(1);
  world.disk.place("/home/tester/topology/pveplan.toml", "");
  CountingService service;
  world.network.connect("pve:8006", service);
  SimHost host(world);
  host.loop.run(careful_client(host.host));
  return host.control.boundaries();
}

}  // namespace

TEST_CASE("a run can be stopped at every boundary and never has an effect without an intent") {
  const std::uint64_t last = boundaries_of_a_whole_run();
  CHECK(last == 8);
  for (std::uint64_t boundary = 1; boundary <= last; ++boundary) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      CHECK(stopped_run(seed, boundary) == stopped_run(seed, boundary));
    }
  }
}

TEST_CASE("different seeds give different traces") {
  std::set<std::string> runs;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) runs.insert(stopped_run(seed, 3));
  CHECK(runs.size() == 20);
}

TEST_CASE("a call from a destructor after the stop is refused and seen") {
  SimWorld world(1);
  world.disk.place("/home/tester/topology/pveplan.toml", "");
  SimHost host(world);
  host.control.stop_before(2);
  CHECK_THROWS_AS(host.loop.run(careless_client(host.host)), SimulatedStop);
  CHECK(host.control.calls_after_stop().size() == 1);
  CHECK(world.disk.content("/home/tester/topology/temporary"));
}

TEST_CASE("a request under way when its process stops may still take effect later") {
  std::set<int> seen;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SimWorld world(seed);
    CountingService service;
    OneFate slow(Fate::deliver, 10s);
    world.network.connect("pve:8006", service);
    world.network.set_faults(&slow);
    {
      SimHost host(world);
      host.signals.send_at(SIGTERM, world.clock.now() + 5s);
      CHECK_THROWS_AS(host.loop.run(send(host.host, "/create")), SimulatedStop);
    }
    CHECK(service.seen == 0);
    world.clock.pass(30s);
    seen.insert(service.seen);
  }
  CHECK(seen == std::set<int>{0, 1});
}

TEST_CASE("an answer arrives when the server has it, after the way there and back") {
  SimWorld world(1);
  CountingService service;
  service.delay = 3s;
  world.network.connect("pve:8006", service);
  SimHost host(world);
  const auto before = world.clock.steady();
  const HttpReply reply = host.loop.run(send(host.host, "/x"));
  CHECK(reply.delivery == Delivery::answered);
  CHECK(reply.body == "POST 1");
  CHECK(reply.header("content-type") == "text/plain");
  CHECK(world.clock.steady() - before == 3s + 2ms);
}

TEST_CASE("lost requests and answers are told apart only by what the server saw") {
  SimWorld world(1);
  CountingService service;
  world.network.connect("pve:8006", service);
  SimHost host(world);
  OneFate before(Fate::lose_before_effect);
  world.network.set_faults(&before);
  CHECK(host.loop.run(send(host.host, "/x")).delivery == Delivery::unknown);
  CHECK(service.seen == 0);
  OneFate after(Fate::lose_after_effect);
  world.network.set_faults(&after);
  CHECK(host.loop.run(send(host.host, "/x")).delivery == Delivery::unknown);
  CHECK(service.seen == 1);
  OneFate refused(Fate::refuse);
  world.network.set_faults(&refused);
  CHECK(host.loop.run(send(host.host, "/x")).delivery == Delivery::not_sent);
  world.network.set_faults(nullptr);
  service.fate = Fate::lose_after_effect;
  CHECK(host.loop.run(send(host.host, "/x")).delivery == Delivery::unknown);
}

TEST_CASE("an answer that takes longer than the request may is unknown at its deadline") {
  SimWorld world(1);
  CountingService service;
  service.delay = 5min;
  world.network.connect("pve:8006", service);
  SimHost host(world);
  const auto before = world.clock.steady();
  const HttpReply reply = host.loop.run(send(host.host, "/x"));
  CHECK(reply.delivery == Delivery::unknown);
  CHECK(reply.error == "timed out");
  CHECK(world.clock.steady() - before == 60s);
}

TEST_CASE("a host that nobody serves is not reached") {
  SimWorld world(1);
  SimHost host(world);
  CHECK(host.loop.run(send(host.host, "/x")).delivery == Delivery::not_sent);
}

TEST_CASE("a signal ends the process before arm() and is delivered after it") {
  SimWorld world(1);
  {
    SimHost host(world);
    host.signals.send_at(SIGINT, world.clock.now() + 1s);
    CHECK_THROWS_AS(host.loop.run(async::sleep_for(1h)), SimulatedStop);
  }
  SimHost host(world);
  host.signals.arm();
  host.signals.send_at(SIGINT, world.clock.now() + 1s);
  host.signals.send_at(SIGTERM, world.clock.now() + 2s);
  CHECK(host.loop.run(host.signals.next()) == SIGINT);
  CHECK(host.loop.run(host.signals.next()) == SIGTERM);
}

TEST_CASE("a person types lines and then leaves") {
  SimWorld world(1);
  SimHost host(world);
  host.input.type("yes", 7s);
  const auto before = world.clock.steady();
  CHECK(host.loop.run(host.input.line()) == "yes");
  CHECK(world.clock.steady() - before == 7s);
  CHECK(host.loop.run(host.input.line()) == std::nullopt);
}

TEST_CASE("installed programs run, others cannot be started") {
  SimWorld world(1);
  SimHost host(world);
  host.processes.install("pass", [](const auto& argv, const std::string& input) {
    async::ProcessResult result;
    result.exit_code = 0;
    result.output = argv.at(1) + input;
    return result;
  });
  const std::vector<std::string> pass{"pass", "show"};
  CHECK(host.loop.run(host.processes.run(pass, "!")).output == "show!");
  const std::vector<std::string> other{"other"};
  CHECK(host.loop.run(host.processes.run(other, "")).exit_code == -1);
  CHECK(host.processes.started().size() == 2);
}

TEST_CASE("random numbers are the same for a seed and differ from process to process") {
  SimWorld one(7);
  SimWorld two(7);
  SimHost first(one);
  SimHost same(two);
  SimHost later(two);
  const std::string hex = first.random.hex(16);
  CHECK(hex.size() == 32);
  CHECK(same.random.hex(16) == hex);
  CHECK(later.random.hex(16) != hex);
}

TEST_CASE("a scripted transport answers in order and reports what does not fit") {
  SimWorld world(1);
  SimHost host(world);
  ScriptedTransport transport;
  transport.expect("POST", "/one").answers(200, "first").takes(1s);
  transport.expect("POST", "/two").with_body("x=1");
  transport.expect("GET", "/three");
  CHECK(host.loop.run(transport.exchange(post("/one"))).body == "first");
  const HttpReply refused = host.loop.run(transport.exchange(post("/two")));
  CHECK(refused.delivery == Delivery::not_sent);
  CHECK(transport.take_problems() ==
        std::vector<std::string>{"not expected: POST https://pve:8006/two ",
                                 "never came: POST /two", "never came: GET /three"});
  CHECK(transport.requests().size() == 2);
}

}  // namespace pveplan::sim
