// The protocol of a server that keeps states, request by request.

#include "state/state_server.hpp"

#include "state/content_md5.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sim_host.hpp"
#include "tests/support/state_keeper.hpp"

#include <chrono>

using namespace pveplan;
using state::HttpOptions;
using state::LockInfo;
using state::StateServer;

namespace {

HttpOptions usual() {
  HttpOptions options;
  options.address = "https://state.lan/t?team=ops";
  options.lock_address = options.unlock_address = "https://state.lan/t/lock";
  return options;
}

LockInfo info(const std::string& id) {
  LockInfo result;
  result.id = id;
  result.who = "ann@laptop";
  result.operation = "apply";
  return result;
}

/// A server, a network, and one client.
class Bench {
 public:
  explicit Bench(HttpOptions options = usual())
      : world(1), host(world), server(host.transport, std::move(options)) {
    world.network.connect("state.lan", keeper);
  }
  auto get() { return host.loop.run(server.get()); }
  auto put(std::string body, std::string id = "") {
    return host.loop.run(server.put(std::move(body), std::move(id)));
  }
  auto lock(const LockInfo& of) { return host.loop.run(server.lock(of)); }
  auto unlock(const LockInfo& of) {
    return host.loop.run(server.unlock(state::write_lock_info(of), of.id));
  }
  /// The first so many requests of a method end so.
  void lose(const std::string& method, sim::Fate fate, int count = 1) {
    keeper.fate = [=, left = count](const async::HttpRequest& request) mutable {
      return request.method == method && left-- > 0 ? fate : sim::Fate::deliver;
    };
  }
  void answer(const std::string& method, int status, int count = 1) {
    keeper.trouble = [=, left = count](const async::HttpRequest& request) mutable {
      return request.method == method && left-- > 0 ? status : 0;
    };
  }
  std::size_t seen(const std::string& method) const {
    std::size_t count = 0;
    for (const auto& each : keeper.requests()) count += each.starts_with(method + " ") ? 1 : 0;
    return count;
  }

  sim::SimWorld world;
  sim::StateKeeper keeper;
  sim::SimHost host;
  StateServer server;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("no state is 404, 204, or 200 with nothing, and no error") {
  for (const int status : {404, 204, 200}) {
    Bench bench;
    bench.keeper.empty_status = status;
    if (status == 200) bench.keeper.state = "";
    const auto found = bench.get();
    REQUIRE(found);
    CHECK_FALSE(*found);
  }
  Bench bench;
  bench.keeper.state = "{}";
  const auto found = bench.get();
  REQUIRE(found);
  CHECK(*found == "{}");
}

TEST_CASE("the checksum of what is read is looked at where there is one") {
  Bench bench;
  bench.keeper.state = "{}";
  bench.keeper.sends_md5 = true;
  CHECK(bench.get());
  bench.keeper.sends_md5 = false;
  for (const auto* wrong : {"1B2M2Y8AsgTpgAmY7PhCfg==", "no base64", "e30="}) {
    bench.keeper.wrong_md5 = wrong;
    const auto refused = bench.get();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().summary == "State damaged on the way");
  }
}

TEST_CASE(
    "a body goes with its type and its checksum, and the id of the lock with what was asked") {
  Bench bench;
  const auto mine = info("00ff");
  REQUIRE(bench.lock(mine));
  REQUIRE(bench.put("{\"serial\":1}", "00ff"));
  CHECK(bench.keeper.requests() ==
        std::vector<std::string>{"LOCK /t/lock", "POST /t?team=ops&ID=00ff"});
  REQUIRE(bench.unlock(mine));
  CHECK(bench.keeper.state == "{\"serial\":1}");
  CHECK(bench.keeper.complaints == std::vector<std::string>());
}

TEST_CASE("a state is taken with 200, 201 and 204, and without the lock's id it is refused") {
  for (const int status : {200, 201, 204}) {
    Bench bench;
    bench.keeper.save_status = status;
    CHECK(bench.put("{}"));
  }
  Bench bench;
  REQUIRE(bench.lock(info("a")));
  const auto refused = bench.put("{}", "b");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().summary == "State lock lost");
  CHECK_FALSE(has(refused.error().detail, "team=ops"));
}

TEST_CASE("whoever has the lock is named, with 423 and with 409") {
  for (const int status : {423, 409}) {
    Bench bench;
    bench.keeper.held_status = status;
    REQUIRE(bench.lock(info("theirs")));
    const auto held = bench.lock(info("ours"));
    REQUIRE(held);
    REQUIRE(*held);
    CHECK((*held)->id == "theirs");
    CHECK((*held)->who == "ann@laptop");
  }
}

TEST_CASE("a holder that the server does not name is not taken for ourselves") {
  for (const auto* body : {"locked", "[]", "{\"ID\":7}", "{}", "null"}) {
    Bench bench;
    REQUIRE(bench.lock(info("theirs")));
    bench.keeper.held_body = body;
    const auto held = bench.lock(info("ours"));
    REQUIRE(held);
    REQUIRE(*held);
    CHECK((*held)->id.empty());
    CHECK(has((*held)->info, "423"));
  }
}

TEST_CASE("a lock whose answer was lost is ours when the server names our id") {
  Bench bench;
  bench.lose("LOCK", sim::Fate::lose_after_effect);
  const auto held = bench.lock(info("ours"));
  REQUIRE(held);
  CHECK_FALSE(*held);
  CHECK(bench.seen("LOCK") == 2);
}

TEST_CASE("an unlocking whose answer was lost has happened") {
  Bench bench;
  REQUIRE(bench.lock(info("ours")));
  bench.lose("UNLOCK", sim::Fate::lose_after_effect);
  CHECK(bench.unlock(info("ours")));
  CHECK_FALSE(bench.keeper.lock);
}

TEST_CASE("another run's lock is not unlocked") {
  Bench bench;
  REQUIRE(bench.lock(info("theirs")));
  CHECK_FALSE(bench.unlock(info("ours")));
  CHECK(bench.keeper.lock_id() == "theirs");
}

TEST_CASE("what may succeed later is tried again after 1, 2, 4 seconds, and no more than allowed") {
  for (const int status : {500, 503, 429}) {
    Bench bench;
    bench.answer("GET", status, 2);
    const auto before = bench.host.loop.now();
    CHECK(bench.get());
    const auto passed = bench.host.loop.now() - before;
    CHECK(passed >= std::chrono::seconds(3));
    CHECK(passed < std::chrono::seconds(4));
  }
  Bench bench;
  bench.answer("GET", 500, 100);
  const auto refused = bench.get();
  REQUIRE_FALSE(refused);
  CHECK(has(refused.error().detail, "500"));
  CHECK(bench.seen("GET") == 3);
}

TEST_CASE("what will not succeed later is not tried again") {
  for (const int status : {400, 401, 403, 501}) {
    Bench bench;
    bench.answer("GET", status, 1);
    CHECK_FALSE(bench.get());
    CHECK(bench.seen("GET") == 1);
  }
}

TEST_CASE("a server that wants a login says so in words") {
  auto options = usual();
  options.username = "bot";
  options.password = "hunter2";
  Bench bench(options);
  bench.keeper.login = "Basic Ym90Omh1bnRlcjI=";
  CHECK(bench.get());
  bench.keeper.login = "Basic another";
  CHECK(bench.get().error().summary == "State server wants a login");
  bench.keeper.login_status = 403;
  const auto refused = bench.get();
  CHECK(refused.error().summary == "State server refuses the login");
  CHECK_FALSE(has(refused.error().detail, "hunter2"));
}

TEST_CASE("GitLab and Gitea are locked with POST and unlocked with DELETE") {
  auto options = usual();
  options.lock_method = "POST";
  options.unlock_method = "DELETE";
  Bench bench(options);
  REQUIRE(bench.lock(info("a")));
  CHECK(bench.keeper.lock_id() == "a");
  REQUIRE(bench.put("{}", "a"));
  REQUIRE(bench.unlock(info("a")));
  CHECK_FALSE(bench.keeper.lock);
  CHECK(bench.keeper.complaints == std::vector<std::string>());
}

TEST_CASE("an MD5 is that of RFC 1321") {
  CHECK(state::content_md5("") == "1B2M2Y8AsgTpgAmY7PhCfg==");
  CHECK(state::content_md5("abc") == "kAFQmDzST7DWlj99KOF/cg==");
  CHECK(state::base64("Aladdin:open sesame") == "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}
