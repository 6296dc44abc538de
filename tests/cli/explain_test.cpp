// plan --explain: where each value comes from, and the rule that gave its effect.

#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using sim::contains;
using sim::Ended;
using sim::Rig;

namespace {

std::string topology(const std::string& cores, const std::string& memory) {
  return "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection() +
         "[variable.cores]\ntype = \"integer\"\ndefault = " + cores +
         "\n[profile.small]\nmemory = \"" + memory +
         "\"\n[pool.team]\n[vm.db]\nuse = [\"small\"]\ncores = \"${var.cores}\"\npool = "
         "\"team\"\ndisk.os = { storage = \"local-lvm\", size = \"2GiB\" }\n"
         "[record.r]\ninput = \"${vm.db.id}\"\n";
}

Ended must(Rig& rig, const std::vector<std::string>& arguments, int code = 0) {
  auto ended = rig.run(arguments);
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == code);
  return ended;
}

}  // namespace

TEST_CASE("an explanation names value, place, state, server and rule of each difference") {
  Rig rig(1);
  rig.write_topology(topology("2", "1GiB"));
  must(rig, {"apply", "--auto-approve"});
  rig.lab.world().guests.at(200).options["memory"] = "3072";
  rig.write_topology(topology("4", "2GiB"));
  const auto ended = must(rig, {"plan", "--explain", "vm.db", "--detailed-exitcode"}, 2);
  INFO(ended.out);
  CHECK(contains(ended.out, "vm.db: change"));
  CHECK(contains(ended.out,
                 "wanted 4, stated in pveplan.toml:16 [vm.db], from the variable cores "
                 "(default)"));
  CHECK(contains(ended.out, "wanted 2 GiB, stated in pveplan.toml:12 [profile.small]"));
  CHECK(contains(ended.out, "state 1 GiB live 3 GiB"));
  CHECK(contains(ended.out, "drift memory: somebody else changed it from 1 GiB to 3 GiB"));
  CHECK(contains(ended.out, "(rule: it is pending until the guest is restarted)"));
  CHECK(contains(ended.out, "needs pool.team (pool, implied)"));
  CHECK(contains(ended.out, "needed by record.r (input)"));
}

TEST_CASE("an explanation of what is new names defaults and choices") {
  Rig rig(1);
  rig.write_topology(topology("2", "1GiB"));
  const auto text = must(rig, {"plan", "--explain", "vm.*"}).out;
  INFO(text);
  CHECK(contains(text, "vmid wanted 200, chosen by pveplan and kept"));
  CHECK(contains(text, "live nothing: it does not exist"));
  CHECK(contains(text, "by default"));
}

TEST_CASE("an explanation says why nothing happens, and knows no strangers") {
  Rig rig(1);
  rig.write_topology(topology("2", "1GiB"));
  must(rig, {"apply", "--auto-approve"});
  CHECK(contains(must(rig, {"plan", "--explain", "pool.team"}).out,
                 "pool.team: no change because nothing differs"));
  const auto wrong = must(rig, {"plan", "--explain", "pool.taem"}, 1);
  CHECK(contains(wrong.err, "Did you mean \"pool.team\""));
}

TEST_CASE("no secret is in an explanation") {
  Rig rig(1);
  rig.write_topology(
      "[pveplan]\nname = \"t\"\n[variable.pw]\ndefault = \"hunter2\"\nsensitive = true\n"
      "[record.a]\ninput = \"${var.pw}\"\n");
  const auto text = must(rig, {"plan", "--explain", "record.a"}).out;
  CHECK(contains(text, "wanted (secret)"));
  CHECK_FALSE(contains(text, "hunter2"));
}
