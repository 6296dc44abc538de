// What reads a value that waits for a restart waits as well, and follows once it is in effect.
#include "schema/json.hpp"
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection();

std::string guest(const std::string& ip, const std::string& more = {}) {
  return fmt::format(
      "[vm.db]\nmemory = \"512MiB\"\n"
      "disk.os = {{ storage = \"local-lvm\", size = \"1GiB\" }}\n"
      "nic.lan = {{ bridge = \"vmbr0\", mac = \"BC:24:11:00:00:01\", ip = \"10.10.20.{}/24\" }}\n"
      "cloud_init = {{ user = \"admin\" }}\n{}\n",
      ip, more);
}

const std::string kRecord = "[record.dns]\ninput = \"db = ${vm.db.ip}\"\n";

struct PostponedFixture {
  Rig rig{1};

  void let_time_pass() {
    rig.world.clock.pass(std::chrono::minutes(5));
    rig.lab.advance(rig.world.clock.now());
  }
  sim::Ended apply(const std::string& text, const std::vector<std::string>& more = {}) {
    rig.write_topology(kHead + text);
    std::vector<std::string> words = {"apply", "--auto-approve"};
    words.insert(words.end(), more.begin(), more.end());
    auto ended = rig.run(words);
    INFO(text << "\n" << ended.out << ended.err);
    REQUIRE(ended.exit_code == 0);
    let_time_pass();
    return ended;
  }
  std::string plan(const std::string& text, const std::vector<std::string>& more = {}) {
    rig.write_topology(kHead + text);
    std::vector<std::string> words = {"plan"};
    words.insert(words.end(), more.begin(), more.end());
    const auto ended = rig.run(words);
    return ended.out + ended.err;
  }
  std::string row(const std::string& address) { return rig.run({"state", "show", address}).out; }
};

const std::string kReason = "postponed: vm.db waits for a restart (reads vm.db.ip)";

}  // namespace

TEST_CASE_METHOD(PostponedFixture, "a record of an address waits until the guest has it") {
  apply(guest("50") + kRecord);
  const auto text = guest("51") + kRecord;
  const auto planned = plan(text);
  INFO(planned);
  CHECK(contains(planned, "0 to add, 1 to change, 0 to destroy"));
  CHECK(contains(planned, "~ record.dns " + kReason));
  apply(text);
  CHECK(contains(row("record.dns"), "db = 10.10.20.50"));

  const auto waits = plan(text, {"--detailed-exitcode"});
  INFO(waits);
  CHECK(contains(waits, "No changes"));
  CHECK(contains(waits, kReason));

  const auto both = apply(text, {"--restart", "vm.db"});
  INFO(both.out);
  CHECK_FALSE(contains(both.out, "postponed"));
  CHECK(contains(row("record.dns"), "db = 10.10.20.51"));
  const auto after = plan(text);
  CHECK(contains(after, "No changes"));
  CHECK_FALSE(contains(after, "postponed"));
}

TEST_CASE_METHOD(PostponedFixture, "a plan that restarts the guest changes what reads it, too") {
  apply(guest("50") + kRecord);
  const auto text = guest("51", "restart = \"now\"") + kRecord;
  const auto planned = plan(text);
  INFO(planned);
  CHECK(contains(planned, "2 to change"));
  CHECK_FALSE(contains(planned, "postponed"));
  apply(text);
  CHECK(contains(row("record.dns"), "db = 10.10.20.51"));
}

TEST_CASE_METHOD(PostponedFixture, "a restart from outside brings the value into effect as well") {
  apply(guest("50") + kRecord);
  const auto text = guest("51") + kRecord;
  apply(text);
  auto& process = rig.lab.world().guests.at(200).process;
  process->started = rig.lab.world().now;
  let_time_pass();
  const auto planned = plan(text);
  INFO(planned);
  CHECK(contains(planned, "1 to change"));
  CHECK_FALSE(contains(planned, "postponed"));
  apply(text);
  CHECK(contains(row("record.dns"), "db = 10.10.20.51"));

  // The address that it had at the beginning is another one by now.
  apply(guest("50") + kRecord);
  CHECK(contains(row("record.dns"), "db = 10.10.20.51"));
  CHECK(contains(plan(guest("50") + kRecord), kReason));
}

TEST_CASE_METHOD(PostponedFixture,
                 "an address that goes back to the one in force postpones nothing") {
  apply(guest("50") + kRecord);
  apply(guest("51") + kRecord);
  const auto back = plan(guest("50") + kRecord);
  INFO(back);
  CHECK_FALSE(contains(back, "postponed"));
  CHECK(contains(back, "1 to change"));
}

TEST_CASE_METHOD(PostponedFixture, "what waits besides the address postpones nobody who reads it") {
  apply(guest("50") + kRecord);
  const auto text =
      guest("50", "cores = 2") + kRecord + "[record.other]\ninput = \"${vm.db.id}\"\n";
  const auto planned = plan(text);
  INFO(planned);
  CHECK(contains(planned, "1 to add, 1 to change"));
  CHECK_FALSE(contains(planned, "postponed"));
}

TEST_CASE_METHOD(PostponedFixture, "new objects, outputs and what needs them are postponed") {
  apply(guest("50"));
  const auto text = guest("51") + kRecord +
                    "[record.next]\ninput = \"${record.dns.output}\"\n"
                    "[record.last]\ninput = 1\nafter = [\"record.next\"]\n"
                    "[output.address]\nvalue = \"${vm.db.ip}\"\n";
  const auto planned = plan(text);
  INFO(planned);
  CHECK(contains(planned, "POSTPONED 4 resources"));
  CHECK(contains(planned, "+ record.dns " + kReason));
  CHECK(contains(planned, "(reads record.dns.output)"));
  CHECK(contains(planned, "needs record.next, which is postponed"));
  CHECK(contains(planned, "0 to add, 1 to change"));
  apply(text);
  CHECK(contains(rig.run({"state", "list"}).out, "vm.db"));
  CHECK_FALSE(contains(rig.run({"state", "list"}).out, "record"));
  apply(text, {"--restart", "vm.db"});
  CHECK(contains(rig.run({"output"}).out, "10.10.20.51"));
  CHECK(contains(row("record.next"), "db = 10.10.20.51"));
  CHECK(contains(plan(text), "No changes"));
}

TEST_CASE_METHOD(PostponedFixture, "a guest that reads the value is postponed like a record") {
  apply(guest("50"));
  const auto text = guest("51") +
                    "[vm.app]\nmemory = \"512MiB\"\ndescription = \"db at ${vm.db.ip}\"\n"
                    "disk.os = { storage = \"local-lvm\", size = \"1GiB\" }\n";
  apply(text);
  CHECK_FALSE(rig.lab.world().guests.contains(201));
  apply(text, {"--restart", "vm.db"});
  CHECK(contains(rig.lab.world().guests.at(201).options.at("description"), "db at 10.10.20.51"));
}

TEST_CASE_METHOD(PostponedFixture, "what the old value still names is not removed before") {
  const std::string old = "[record.old]\ninput = 1\n";
  apply(guest("50") + old + "[record.dns]\ninput = \"${record.old.output}\"\n");
  const auto text = guest("51") + kRecord;
  const auto planned = plan(text);
  INFO(planned);
  CHECK(contains(planned, "- record.old"));
  CHECK(contains(planned, "record.dns depends on it and is postponed"));
  apply(text);
  CHECK(contains(rig.run({"state", "list"}).out, "record.old"));
  apply(text, {"--restart", "vm.db"});
  CHECK_FALSE(contains(rig.run({"state", "list"}).out, "record.old"));
}

TEST_CASE_METHOD(PostponedFixture,
                 "every format tells what is postponed, and a saved plan keeps it") {
  apply(guest("50") + kRecord);
  const auto text = guest("51") + kRecord;
  CHECK(contains(plan(text, {"--format", "markdown"}),
                 "Postponed until a guest is restarted: `record.dns` (for `vm.db`)."));
  const auto json = schema::parse_json(rig.run({"plan", "--format", "json", "-o", "p.json"}).out);
  REQUIRE(json);
  CHECK(schema::to_json(*json->find("postponed")) ==
        R"x([{"actions":["update"],"address":"record.dns","blocker":"vm.db",)x"
        R"x("reason":"vm.db waits for a restart (reads vm.db.ip)"}])x");
  CHECK(contains(rig.run({"show", "p.json"}).out, kReason));
  CHECK(contains(plan(text, {"--json"}), "\"postponed\":[{\"actions\":[\"update\"]"));
  const auto applied = rig.run({"apply", "p.json"});
  INFO(applied.out << applied.err);
  CHECK(applied.exit_code == 0);
  CHECK(contains(row("record.dns"), "db = 10.10.20.50"));
}
