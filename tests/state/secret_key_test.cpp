#include "state/secret_key.hpp"

#include "tests/state/history.hpp"
#include "tests/support/catch.hpp"

#include <cerrno>

using namespace pveplan;
using namespace pveplan::state;

namespace {

constexpr const char* kPath = "/home/tester/.config/pveplan/secret.key";

struct Machine {
  sim::SimWorld world{3};
  sim::SimHost host{world};
  Machine() { make_home(world); }
};

}  // namespace

TEST_CASE("the key lies in the user's configuration folder") {
  Machine machine;
  CHECK(SecretKey::default_path(machine.host.environment) == kPath);
  machine.host.environment.variables["XDG_CONFIG_HOME"] = "/etc/me";
  CHECK(SecretKey::default_path(machine.host.environment) == "/etc/me/pveplan/secret.key");
  machine.host.environment.variables["XDG_CONFIG_HOME"] = "relative";
  CHECK(SecretKey::default_path(machine.host.environment) == kPath);
  machine.host.environment.home.clear();
  CHECK(SecretKey::default_path(machine.host.environment).empty());
  CHECK(SecretKey::read_or_make(machine.host.files, machine.host.random, "")
            .error()
            .detail.find("`secret_key`") != std::string::npos);
}

TEST_CASE("a digest is the HMAC-SHA-256 of the secret under the key's text") {
  Machine machine;
  machine.world.disk.place(kPath, std::string(64, 'k') + "\n");
  const auto key = SecretKey::read(machine.host.files, kPath);
  REQUIRE(key);
  REQUIRE(key->has_value());
  CHECK((*key)->digest("hunter2") ==
        "bda545775e404917821f94dd8bd38532fa6748438d7edff77526335beadfe596");
}

TEST_CASE("the key is made once, for the owner only, and then stays") {
  Machine machine;
  auto& files = machine.host.files;
  CHECK_FALSE(SecretKey::read(files, kPath)->has_value());
  const auto made = SecretKey::read_or_make(files, machine.host.random, kPath);
  REQUIRE(made);
  CHECK(machine.world.disk.find(kPath)->mode == 0600);
  CHECK(machine.world.disk.content(kPath)->size() == 65);
  const auto again = SecretKey::read_or_make(files, machine.host.random, kPath);
  REQUIRE(again);
  CHECK(again->digest("a") == made->digest("a"));
  CHECK(again->digest("a") != made->digest("b"));
}

TEST_CASE("a short key is refused and never replaced silently") {
  Machine machine;
  machine.world.disk.place(kPath, "short\n");
  const auto key = SecretKey::read_or_make(machine.host.files, machine.host.random, kPath);
  REQUIRE_FALSE(key);
  CHECK(key.error().summary == "Secret key cannot be used");
  CHECK(machine.world.disk.content(kPath) == "short\n");
}

TEST_CASE("a key that cannot be read is an error, not a reason for a new one") {
  Machine machine;
  machine.world.disk.place(kPath, std::string(64, 'k'));
  machine.host.files.fail(sim::SimFileFault(EACCES));
  CHECK_FALSE(SecretKey::read_or_make(machine.host.files, machine.host.random, kPath));
}

TEST_CASE("a key half made by a crash is made anew, and a whole one stays") {
  for (std::uint64_t stop = 1;; ++stop) {
    Machine machine;
    machine.host.control.stop_before(stop);
    bool finished = false;
    try {
      finished =
          SecretKey::read_or_make(machine.host.files, machine.host.random, kPath).has_value();
    } catch (const sim::SimulatedStop&) {
    }
    machine.world.crash(sim::Crash::power_lost);
    sim::SimHost next(machine.world);
    INFO("stopped before call " << stop);
    REQUIRE(SecretKey::read_or_make(next.files, next.random, kPath));
    if (finished) break;
  }
}
