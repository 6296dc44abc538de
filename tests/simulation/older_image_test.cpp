// What was made from an older image is told, and made anew only when somebody asks for it.
#include "schema/json.hpp"
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

constexpr const char* kOld = "http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2";
constexpr const char* kNew = "http://127.0.0.1:8007/images/debian-13-generic-amd64.qcow2";
constexpr const char* kTold = "Made from an older version of an image or template";

/// A cluster of one node whose mirror has two images.
class World {
 public:
  World() : rig(1) {
    auto& mirror = rig.lab.world().storage.mirror;
    for (const char* url : {kOld, kNew}) {
      auto& file = mirror[url];
      file = {300 << 20, std::int64_t{2} << 30, "qcow2", {}, 0};
      file.checksums["sha256"] = std::string(64, url == kOld ? 'a' : 'b');
    }
  }

  void write(const std::string& url, const std::string& rest) {
    rig.write_topology("[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection() +
                       "[image.debian]\nnodes = [\"pve\"]\nstorage = \"local\"\nurl = \"" + url +
                       "\"\n" + pin +
                       "[template.debian]\nimage = \"debian\"\nstorage = \"local-lvm\"\n"
                       "nodes = [\"pve\"]\ndisk.os.size = \"4GiB\"\n" +
                       rest);
  }
  sim::Ended plan(const std::string& url, const std::string& rest,
                  std::vector<std::string> options = {}) {
    write(url, rest);
    options.insert(options.begin(), "plan");
    return rig.run(options);
  }
  sim::Ended apply(const std::string& url, const std::string& rest,
                   std::vector<std::string> options = {}) {
    write(url, rest);
    options.insert(options.begin(), {"apply", "--auto-approve", "--allow", "data-loss=*"});
    auto ended = rig.run(options);
    rig.lab.advance(rig.world.clock.now() + std::chrono::minutes(5));
    return ended;
  }
  void must_apply(const std::string& url, const std::string& rest,
                  std::vector<std::string> options = {}) {
    const auto ended = apply(url, rest, std::move(options));
    INFO(ended.out << ended.err);
    REQUIRE(ended.exit_code == 0);
  }

  Rig rig;
  std::string pin;  ///< a checksum line
};

const std::string kGuests = "[vm.a]\ncount = 2\ntemplate = \"debian\"\n";

void expect_nothing_told(World& world, const std::string& url, const std::string& rest) {
  const auto plan = world.plan(url, rest, {"--detailed-exitcode"});
  INFO(plan.out << plan.err);
  CHECK(plan.exit_code == 0);
  CHECK_FALSE(contains(plan.out, kTold));
}

}  // namespace

TEST_CASE("a template that was made from an older image is told until it is made anew") {
  World world;
  world.must_apply(kOld, kGuests);
  expect_nothing_told(world, kOld, kGuests);

  const auto newer = world.plan(kNew, kGuests);
  INFO(newer.out << newer.err);
  CHECK(contains(newer.out,
                 "Made from an older version of an image or template, and left as it is: "
                 "template.debian[pve] (image.debian). `--replace template.debian.pve` makes it "
                 "anew."));
  CHECK(contains(world.rig.run({"plan", "--format", "markdown"}).out,
                 "left alone without `--replace`: `template.debian[pve] (image.debian)`."));
  const auto json = schema::parse_json(world.rig.run({"plan", "--format", "json"}).out);
  REQUIRE(json);
  const auto* older = json->find("made_from_older");
  REQUIRE(older != nullptr);
  REQUIRE(older->as_list().size() == 1);
  CHECK(*older->as_list()[0].find("address") == schema::Value::string("template.debian[pve]"));
  CHECK(*older->as_list()[0].find("what") == schema::Value::string("image.debian"));

  world.must_apply(kNew, kGuests);
  const auto empty = world.plan(kNew, kGuests, {"--detailed-exitcode"});
  INFO(empty.out << empty.err);
  CHECK(empty.exit_code == 0);
  CHECK(contains(empty.out, "No changes."));
  CHECK(contains(empty.out, "template.debian[pve] (image.debian)"));

  const auto replacing =
      world.plan(kNew, kGuests, {"--replace", "template.debian", "--allow", "data-loss=*"});
  INFO(replacing.out << replacing.err);
  CHECK(contains(replacing.out, "left as they are: vm.a (2, template.debian). `--replace"));
  CHECK_FALSE(contains(replacing.out, "(image.debian)"));
}

TEST_CASE("a template is made anew from the newer image, and its full clones stay untouched") {
  World world;
  world.must_apply(kOld, kGuests);
  const auto before = world.rig.lab.world().guests.at(201).options;
  world.must_apply(kNew, kGuests, {"--replace", "template.debian"});
  CHECK(world.rig.lab.world().guests.at(201).options == before);
  CHECK(world.rig.lab.world().guests.at(201).running());
  const auto told = world.plan(kNew, kGuests, {"--detailed-exitcode"});
  INFO(told.out << told.err);
  CHECK(told.exit_code == 0);
  CHECK(contains(told.out,
                 "left as they are: vm.a (2, template.debian). `--replace vm.a.1` makes "
                 "the first anew."));
  CHECK_FALSE(contains(told.out, "template.debian[pve]"));
  world.must_apply(kNew, kGuests, {"--replace", "vm.a"});
  expect_nothing_told(world, kNew, kGuests);
  expect_nothing_told(world, kNew, "[vm.a]\ncount = 2\ntemplate = \"debian\"\n");
}

TEST_CASE("what is made in the same plan as its image's new version is not older") {
  World world;
  world.must_apply(kOld, "");
  world.must_apply(kNew, kGuests, {"--replace", "template.debian"});
  expect_nothing_told(world, kNew, kGuests);
}

TEST_CASE("a guest that was made from an older image is told") {
  World world;
  const std::string guest =
      "[vm.a]\nimage = \"debian\"\ndisk.os = { storage = \"local-lvm\", size = \"4GiB\" }\n";
  world.must_apply(kOld, guest);
  expect_nothing_told(world, kOld, guest);
  const auto newer = world.plan(kNew, guest);
  INFO(newer.out << newer.err);
  CHECK(contains(newer.out, "template.debian[pve] (image.debian), vm.a (image.debian)."));
}

TEST_CASE(
    "a guest whose template is another one now is told as long as its image is an older one") {
  World world;
  const std::string other =
      "[image.next]\nstorage = \"local\"\nurl = \"" + std::string(kNew) +
      "\"\n[template.next]\nimage = \"next\"\nstorage = \"local-lvm\"\ndisk.os.size = \"4GiB\"\n"
      "nodes = [\"pve\"]\n";
  world.must_apply(kOld, other + "[vm.a]\ntemplate = \"debian\"\n");
  world.must_apply(kOld, other + "[vm.a]\ntemplate = \"next\"\n");
  const auto after = world.plan(kOld, other + "[vm.a]\ntemplate = \"next\"\n");
  INFO(after.out << after.err);
  CHECK(contains(after.out, "vm.a (template.next)"));
}

TEST_CASE("the same file from another mirror is no older version") {
  World world;
  world.rig.lab.world().storage.mirror[kNew].checksums["sha256"] = std::string(64, 'a');
  world.pin = "checksum = \"sha256:" + std::string(64, 'a') + "\"\n";
  world.must_apply(kOld, kGuests);
  const auto moved = world.plan(kNew, kGuests);
  INFO(moved.out << moved.err);
  CHECK_FALSE(contains(moved.out, kTold));
}

TEST_CASE("a new pin of the lock file makes what stands older") {
  World world;
  const auto lock = [&world](char digit) {
    world.rig.world.disk.place(
        "/home/tester/topology/pveplan.lock.toml",
        fmt::format("[image.debian]\nurl = \"{}\"\nchecksum = \"sha256:{}\"\n"
                    "size = 314572800\nformat = \"qcow2\"\n",
                    kOld, std::string(64, digit)));
  };
  lock('a');
  world.must_apply(kOld, kGuests);
  expect_nothing_told(world, kOld, kGuests);
  lock('b');
  CHECK(contains(world.plan(kOld, kGuests).out, "template.debian[pve] (image.debian)"));
}

TEST_CASE("a template that linked clones build on is not made anew without them") {
  World world;
  const std::string linked =
      "[vm.a]\ntemplate = \"debian\"\nclone = \"linked\"\n[vm.b]\ntemplate = \"debian\"\n";
  world.must_apply(kOld, linked);
  const auto refused = world.plan(kNew, linked, {"--replace", "template.debian"});
  INFO(refused.out << refused.err);
  CHECK(refused.exit_code == 1);
  CHECK(contains(refused.err, "error: Linked clones build on it"));
  CHECK(contains(refused.err,
                 "template.debian[pve] cannot be made anew as long as linked clones have their "
                 "disks from it: vm.a. Let them go or be replaced in the same plan"));
  world.must_apply(kNew, linked, {"--replace", "template.debian", "--replace", "vm.a"});
  const auto after = world.plan(kNew, linked);
  INFO(after.out << after.err);
  CHECK(contains(after.out, "left as it is: vm.b (template.debian)."));
  CHECK_FALSE(contains(after.out, "vm.a"));
}
