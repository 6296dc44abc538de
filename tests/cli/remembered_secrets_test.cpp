// Secrets that reach attributes by way of a sensitive variable: remembered by a digest, shown
// never.

#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using sim::Ended;
using sim::Rig;

namespace {

const std::string kHead =
    "[pveplan]\nname = \"t\"\n[variable.secret]\ntype = \"string\"\nsensitive = true\n";
const std::string kFolder = "/home/tester/topology/";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Runs a command with the variable set; the secret is in nothing that it prints or leaves behind.
Ended run(Rig& rig, const std::string& secret, std::vector<std::string> command) {
  sim::Conditions conditions;
  conditions.prepare = [secret](sim::SimHost& host) {
    host.environment.variables["PVEPLAN_VAR_secret"] = secret;
  };
  auto ended = rig.run(command, conditions);
  INFO(fmt::format("{}", fmt::join(command, " ")) << "\n" << ended.out << ended.err);
  CHECK_FALSE(has(ended.out + ended.err, secret));
  for (const auto& name : {".pveplan/t/state.json", ".pveplan/t/journal", "plan.json"}) {
    INFO(name);
    CHECK_FALSE(has(rig.world.disk.content(kFolder + name).value_or(""), secret));
  }
  return ended;
}

void must_apply(Rig& rig, const std::string& secret) {
  const auto ended = run(rig, secret, {"apply", "--auto-approve"});
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
}

const std::string kFirst = "correct horse battery", kSecond = "another one entirely";

}  // namespace

TEST_CASE("a secret inside a record is a change only when it has changed") {
  const auto input = GENERATE(
      as<std::string>(), "\"${var.secret}\"", "\"user:${var.secret}@host\"",
      "{ user = \"admin\", password = \"${var.secret}\" }", "[\"plain\", \"${var.secret}\"]",
      "{ deep = { list = [{ key = \"${var.secret}\" }] } }", "\"${var.secret}@${record.id.id}\"",
      "\"${var.secret}@${record.host.output}\"");
  INFO(input);
  Rig rig(1);
  rig.write_topology(
      kHead + "[record.host]\ninput = \"pve1\"\n[record.id]\n[record.login]\ninput = " + input +
      "\n");
  must_apply(rig, kFirst);
  CHECK(has(run(rig, kFirst, {"plan", "--detailed-exitcode"}).out, "No changes"));
  CHECK(has(*rig.world.disk.content(kFolder + ".pveplan/t/state.json"), "\"hmac\""));
  CHECK_FALSE(has(*rig.world.disk.content(kFolder + ".pveplan/t/state.json"), "redacted"));

  const auto changed = run(rig, kSecond, {"plan", "--detailed-exitcode"});
  CHECK(changed.exit_code == 2);
  CHECK(has(changed.out, "~ vm") == false);
  CHECK(has(changed.out, "1 to change"));
  CHECK(has(changed.out, "(secret"));
  must_apply(rig, kSecond);
  CHECK(run(rig, kSecond, {"plan", "--detailed-exitcode"}).exit_code == 0);
  CHECK(run(rig, kSecond, {"show", "record.login"}).exit_code == 0);
}

TEST_CASE(
    "what refers to a record with a secret gets the secret, and is remembered by a digest too") {
  Rig rig(1);
  rig.write_topology(kHead +
                     "[record.login]\ninput = { user = \"admin\", password = \"${var.secret}\" }\n"
                     "[record.copy]\ninput = \"${record.login.output.password}\"\n"
                     "[record.text]\ninput = \"x ${record.login.output.password} y\"\n");
  must_apply(rig, kFirst);
  CHECK(run(rig, kFirst, {"plan", "--detailed-exitcode"}).exit_code == 0);
  CHECK(has(run(rig, kSecond, {"plan"}).out, "3 to change"));
  must_apply(rig, kSecond);
  CHECK(run(rig, kSecond, {"plan", "--detailed-exitcode"}).exit_code == 0);
}

TEST_CASE("a secret in a saved plan is remembered by a digest as well") {
  Rig rig(1);
  rig.write_topology(kHead + "[record.login]\ninput = \"${var.secret}\"\n");
  REQUIRE(run(rig, kFirst, {"plan", "-o", "plan.json"}).exit_code == 0);
  CHECK(run(rig, kSecond, {"apply", "plan.json", "--auto-approve"}).exit_code == 1);
  REQUIRE(run(rig, kFirst, {"apply", "plan.json", "--auto-approve"}).exit_code == 0);
  CHECK(run(rig, kFirst, {"plan", "--detailed-exitcode"}).exit_code == 0);
}

TEST_CASE("a secret in a server's object is no drift, and a record without secrets needs no key") {
  Rig rig(1);
  rig.write_topology(kHead + Rig::connection() + "[pool.team]\ncomment = \"${var.secret}\"\n");
  const auto applied = run(rig, kFirst, {"apply", "--auto-approve"});
  INFO(applied.out << applied.err);
  REQUIRE(applied.exit_code == 0);
  CHECK(rig.lab.world().access.pools.at("team").comment == kFirst);
  const auto plan = run(rig, kFirst, {"plan", "--detailed-exitcode"});
  INFO(plan.out << plan.err);
  CHECK(plan.exit_code == 0);
  CHECK_FALSE(has(plan.out, "Changed outside"));
  CHECK(run(rig, kSecond, {"plan", "--detailed-exitcode"}).exit_code == 2);

  Rig plain(2);
  plain.write_topology("[pveplan]\nname = \"t\"\n[record.a]\ninput = 1\n");
  REQUIRE(plain.run({"apply", "--auto-approve"}).exit_code == 0);
  CHECK_FALSE(plain.world.disk.content("/home/tester/.config/pveplan/secret.key"));
}

TEST_CASE("an old secret that the server tells in the clear is shown nowhere and is no drift") {
  Rig rig(1);
  const std::string guest =
      "[pool.p]\ncomment = \"${var.secret}\"\n"
      "[vm.a]\nmemory = \"512MiB\"\ndescription = \"key ${var.secret}\"\npower = \"stopped\"\n";
  rig.write_topology(kHead + Rig::connection() + guest);
  must_apply(rig, kFirst);
  CHECK(run(rig, kFirst, {"plan", "--detailed-exitcode"}).exit_code == 0);
  const auto shows_neither = [&rig](const std::string& secret, std::vector<std::string> command) {
    const auto ended = run(rig, secret, std::move(command));
    INFO(ended.out << ended.err);
    CHECK_FALSE(has(ended.out + ended.err, kFirst));
    CHECK_FALSE(has(rig.world.disk.content(kFolder + "plan.json").value_or(""), kFirst));
    return ended.out;
  };
  const auto text = shows_neither(kSecond, {"plan", "-o", "plan.json"});
  CHECK(has(text, "description      (secret) changed"));
  CHECK_FALSE(has(text, "Changed outside"));
  for (const auto* format : {"json", "markdown"})
    shows_neither(kSecond, {"plan", "--format", format});
  shows_neither(kSecond, {"show", "vm.a"});
  shows_neither(kSecond, {"drift"});
  shows_neither(kSecond, {"plan", "--destroy", "--format", "json"});
  shows_neither(kSecond, {"apply", "plan.json", "--json"});
  CHECK(run(rig, kSecond, {"plan", "--detailed-exitcode"}).exit_code == 0);

  // What others write into such a place may hold the secret as well.
  rig.lab.world().guests.begin()->second.options["description"] = kSecond + " by hand";
  const auto edited = shows_neither(kSecond, {"plan"});
  CHECK(has(edited, "Changed outside"));
  CHECK(run(rig, kSecond, {"refresh", "--auto-approve"}).exit_code == 0);
}

TEST_CASE("a tag cannot hold a secret") {
  Rig rig(1);
  rig.write_topology(kHead + Rig::connection() +
                     "[vm.a]\nmemory = \"512MiB\"\ntags = [\"x\", \"${var.secret}\"]\n");
  const auto ended = run(rig, "hushhush", {"validate"});
  CHECK(ended.exit_code == 1);
  INFO(ended.err);
  CHECK(has(ended.err, "A tag is shown to everybody"));
}
