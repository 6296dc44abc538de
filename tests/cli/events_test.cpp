// The event stream of --json and --json-into, from whole commands in a simulated world.

#include "schema/json.hpp"
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/json_schema.hpp"

#include <cerrno>
#include <sstream>

using namespace pveplan;
using schema::Value;
using sim::Conditions;
using sim::Rig;

namespace {

const std::string kEventsFile = "/home/tester/topology/events.jsonl";

const Value& events_schema() {
  static const auto parsed = schema::parse_json(
      tests::read_text(std::string(PVEPLAN_SOURCE_DIR) + "/docs/schemas/events.schema.json"));
  REQUIRE(parsed);
  return *parsed;
}

/// The events of a stream, each checked against the schema, with its numbers in order.
std::vector<Value> checked(const std::string& stream) {
  std::vector<Value> events;
  std::istringstream lines(stream);
  std::string run;
  for (std::string line; std::getline(lines, line);) {
    const auto event = schema::parse_json(line);
    INFO(line);
    REQUIRE(event);
    CHECK(sim::schema_faults(events_schema(), *event) == std::vector<std::string>());
    events.push_back(*event);
    CHECK(event->find("seq")->as_integer() == static_cast<std::int64_t>(events.size()));
    if (run.empty()) run = event->find("run_id")->as_string();
    CHECK(event->find("run_id")->as_string() == run);
  }
  REQUIRE_FALSE(events.empty());
  CHECK(events.front().find("type")->as_string() == "version");
  return events;
}

/// Without the warning of every run that the server is not verified.
std::vector<Value> of_type(const std::vector<Value>& events, const std::string& type) {
  std::vector<Value> found;
  for (const auto& event : events) {
    const auto* summary = event.find("summary");
    if (summary != nullptr && *summary == Value::string("Server not verified")) continue;
    if (event.find("type")->as_string() == type) found.push_back(event);
  }
  return found;
}

const std::string& text_of(const Value& event, const char* name) {
  return event.find(name)->as_string();
}

/// "apply_start vm.db create": types with addresses, in their order.
std::string story(const std::vector<Value>& events, const std::string& address) {
  std::string text;
  for (const auto& event : events) {
    const auto* addr = event.find("addr");
    if (addr->is_null() || addr->as_string() != address) continue;
    text += text_of(event, "type");
    const auto* state = event.find("state");
    text += (state == nullptr ? "" : ":" + state->as_string()) + " ";
  }
  return text;
}

const std::string kHead = "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection();
const std::string kGuest =
    "[vm.db]\ncores = 2\nmemory = \"1GiB\"\n"
    "disk.os = { storage = \"local-lvm\", size = \"2GiB\" }\n";

}  // namespace

TEST_CASE("an apply is told event by event, with the tasks of the server") {
  Rig rig(1);
  rig.write_topology(kHead + kGuest + "[record.a]\ninput = \"${vm.db.id}\"\n");
  const auto ended = rig.run({"apply", "--auto-approve", "--json"});
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == 0);
  CHECK(ended.err.empty());
  const auto events = checked(ended.out);
  const auto guest = story(events, "vm.db");
  CHECK(guest.starts_with("refresh_start refresh_complete planned_change "));
  CHECK(guest.find("apply_start apply_progress:started apply_progress:task ") != std::string::npos);
  CHECK(guest.ends_with("apply_progress:done apply_complete "));
  CHECK(story(events, "record.a") == "planned_change apply_start apply_complete ");
  std::size_t tasks = 0;
  for (const auto& event : of_type(events, "apply_progress")) {
    if (text_of(event, "state") != "task") continue;
    ++tasks;
    CHECK(text_of(event, "upid").starts_with("UPID:"));
  }
  CHECK(tasks >= 1);
  const auto summary = of_type(events, "apply_summary");
  REQUIRE(summary.size() == 1);
  CHECK(schema::to_json(*summary[0].find("counts")) ==
        R"({"done":2,"failed":0,"not_started":0,"partly_done":0,"skipped":0,"unknown":0})");
  CHECK(summary[0].find("exit_code")->as_integer() == 0);
}

TEST_CASE("plan, drift and destroy tell events in the words of the JSON plan") {
  Rig rig(1);
  rig.write_topology(kHead + kGuest);
  const auto planned = checked(rig.run({"plan", "--json"}).out);
  REQUIRE(of_type(planned, "planned_change").size() == 1);
  CHECK(schema::to_json(*of_type(planned, "planned_change")[0].find("actions")) == R"(["create"])");
  REQUIRE(rig.run({"apply", "--auto-approve"}).exit_code == 0);
  rig.lab.world().guests.begin()->second.options["cores"] = "3";
  const auto drift = rig.run({"drift", "--json"});
  CHECK(drift.exit_code == 2);
  const auto drifted = of_type(checked(drift.out), "resource_drift");
  REQUIRE(drifted.size() == 1);
  CHECK(schema::to_json(*drifted[0].find("drift")->find("path")) == R"(["cores"])");
  const auto refused = rig.run({"destroy", "--auto-approve", "--json"});
  CHECK(refused.exit_code == 1);
  const auto problems = of_type(checked(refused.out), "diagnostic");
  REQUIRE(problems.size() == 1);
  CHECK(text_of(problems[0], "detail").find("--allow data-loss=vm.db") != std::string::npos);
  const auto destroyed =
      rig.run({"destroy", "--auto-approve", "--json", "--allow", "data-loss=vm.db"});
  CHECK(destroyed.exit_code == 0);
  const auto changes = of_type(checked(destroyed.out), "planned_change");
  CHECK(schema::to_json(*changes.at(0).find("actions")) == R"(["delete"])");
  CHECK(text_of(changes[0], "worst_effect") == "data_loss");
}

TEST_CASE("an error of the topology is an event with its place") {
  Rig rig(1);
  rig.write_topology(kHead + "[vm.db]\nmemmory = \"1GiB\"\n");
  const auto ended = rig.run({"plan", "--json"});
  CHECK(ended.exit_code == 1);
  const auto problems = of_type(checked(ended.out), "diagnostic");
  REQUIRE_FALSE(problems.empty());
  CHECK(text_of(problems[0], "summary") == "Unknown attribute");
  CHECK(problems[0].find("range")->find("column")->as_integer() == 1);
}

TEST_CASE("a failed step names its diagnostic, and the account what was skipped for it") {
  Rig rig(1);
  rig.write_topology(kHead + kGuest + "[record.a]\ninput = 1\nafter = [\"vm.db\"]\n" +
                     "[record.b]\ninput = 1\n");
  lab::Fault fault;
  fault.kind = lab::FaultKind::failure;
  fault.method = "POST";
  fault.path = "/nodes/[^/]+/qemu";
  fault.text = "storage 'local-lvm' is full";
  rig.lab.world().faults.push_back(fault);
  const auto ended = rig.run({"apply", "--auto-approve", "--json"});
  INFO(ended.out);
  CHECK(ended.exit_code == 3);
  const auto events = checked(ended.out);
  const auto failed = of_type(events, "apply_errored");
  const auto problems = of_type(events, "diagnostic");
  REQUIRE(failed.size() == 1);
  REQUIRE(problems.size() == 1);
  CHECK(text_of(failed[0], "diagnostic") == text_of(problems[0], "id"));
  CHECK(text_of(problems[0], "detail").find("is full") != std::string::npos);
  const auto summary = of_type(events, "apply_summary");
  REQUIRE(summary.size() == 1);
  CHECK(schema::to_json(*summary[0].find("counts")) ==
        R"({"done":1,"failed":1,"not_started":0,"partly_done":0,"skipped":1,"unknown":0})");
  const auto& results = summary[0].find("results")->as_list();
  REQUIRE(results.size() == 3);
  CHECK(text_of(results[0], "because") == "vm.db");
  CHECK(text_of(results[2], "diagnostic") == text_of(problems[0], "id"));
  CHECK(summary[0].find("exit_code")->as_integer() == 3);
}

TEST_CASE("with --json-into the events of a run are written beside its text") {
  Rig rig(1);
  rig.world.disk.place(kEventsFile, "an older run\n");
  rig.write_topology(kHead + kGuest);
  const auto ended = rig.run({"apply", "--auto-approve", "--json-into", "events.jsonl"});
  INFO(ended.err);
  CHECK(ended.exit_code == 0);
  CHECK(ended.out.find("Apply complete: 1 added") != std::string::npos);
  const auto events = checked(*rig.world.disk.content(kEventsFile));
  CHECK(of_type(events, "apply_summary").size() == 1);
}

TEST_CASE("events that cannot be written stop no work, and the exit code says it") {
  Rig rig(1);
  rig.write_topology(kHead + kGuest);
  sim::SimFileFault fault(ENOSPC, 5);
  fault.path_part = "events.jsonl";
  fault.operation = "append";
  fault.from_then_on = true;
  Conditions full;
  full.file_faults = {fault};
  const auto ended = rig.run({"apply", "--auto-approve", "--json-into", "events.jsonl"}, full);
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == 1);
  CHECK(ended.out.find("Apply complete: 1 added") != std::string::npos);
  CHECK(ended.err.find("Events are incomplete") != std::string::npos);
  CHECK(rig.lab.world().guests.size() == 1);
  CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);
}

TEST_CASE("events that have no place to go to are an error before anything is done") {
  Rig rig(1);
  rig.write_topology(kHead + kGuest);
  sim::SimFileFault fault(EACCES);
  fault.path_part = "events.jsonl";
  fault.from_then_on = true;
  Conditions closed;
  closed.file_faults = {fault};
  const auto ended = rig.run({"apply", "--auto-approve", "--json-into", "events.jsonl"}, closed);
  CHECK(ended.exit_code == 1);
  CHECK(ended.err.find("Events cannot be written") != std::string::npos);
  CHECK(rig.lab.world().guests.empty());
}

TEST_CASE("secrets and their sources are in no event") {
  Rig rig(1);
  rig.write_topology(
      "[pveplan]\nname = \"t\"\n[variable.pw]\ndefault = \"hunter2\"\nsensitive = true\n"
      "[record.a]\ninput = { pw = \"${var.pw}\" }\n");
  const auto ended = rig.run({"apply", "--auto-approve", "--json"});
  CHECK(ended.exit_code == 0);
  CHECK(ended.out.find("hunter2") == std::string::npos);
  checked(ended.out);
}

TEST_CASE("the schema refuses what is no event") {
  Rig rig(1);
  rig.write_topology(kHead + kGuest);
  const auto event = checked(rig.run({"plan", "--json"}).out).back();
  using schema::Path;
  const auto faults = [](const Value& value) { return sim::schema_faults(events_schema(), value); };
  CHECK(faults(event).empty());
  CHECK_FALSE(faults(event.with(Path({"type"}), Value::string("x"))).empty());
  CHECK_FALSE(faults(event.with(Path({"seq"}), Value::integer(0))).empty());
  CHECK_FALSE(faults(event.with(Path({"more"}), Value::integer(1))).empty());
}

TEST_CASE("an apply ends with the outputs, and hides those that are sensitive") {
  Rig rig(1);
  const auto write = [&rig](const std::string& outputs) {
    rig.write_topology(
        "[pveplan]\nname = \"t\"\n[variable.pw]\ntype = \"string\"\nsensitive = true\n"
        "[record.a]\ninput = 7\n" +
        outputs);
  };
  write("");
  const auto run = [&rig](std::vector<std::string> words) {
    words.insert(words.end(), {"--var", "pw=hunter2"});
    return rig.run(words);
  };
  const std::vector<std::string> apply = {"apply", "--json", "--auto-approve"};
  CHECK(of_type(checked(run(apply).out), "outputs").empty());
  write(
      "[output.n]\nvalue = \"${record.a.output}\"\n"
      "[output.hidden]\nsensitive = true\nvalue = \"${var.pw}\"\n"
      "[output.inner]\nsensitive = true\nvalue = [\"x\", \"${var.pw}\"]\n");
  for (int round = 0; round < 2; ++round) {  // told as well when nothing has changed
    const auto out = run(apply).out;
    const auto told = of_type(checked(out), "outputs");
    REQUIRE(told.size() == 1);
    CHECK(schema::to_json(*told[0].find("outputs")) ==
          R"({"hidden":{"sensitive":true,"value":null},)"
          R"("inner":{"sensitive":true,"value":null},"n":{"sensitive":false,"value":7}})");
    CHECK(out.find("hunter2") == std::string::npos);
  }
  CHECK(of_type(checked(run({"plan", "--json"}).out), "outputs").empty());

  CHECK(run({"output"}).out.find("hunter2") == std::string::npos);
  CHECK(run({"output", "--format", "json"}).out.find("hunter2") == std::string::npos);
  CHECK(sim::contains(run({"output", "--show-sensitive"}).out, "hidden hunter2"));
  const auto shown =
      schema::parse_json(run({"output", "--show-sensitive", "--format", "json"}).out);
  REQUIRE(shown);
  CHECK(schema::to_json(*shown->find("inner")) == R"({"sensitive":true,"value":["x","hunter2"]})");
  CHECK(schema::to_json(*shown->find("n")) == R"({"sensitive":false,"value":7})");
}

namespace {

/// No server can be reached until a moment has come.
class Outage final : public sim::SimFaults {
 public:
  Outage(const Rig& rig, std::chrono::seconds length)
      : rig_(rig), end_(rig.world.clock.now() + length) {}
  sim::Fate fate(const async::HttpRequest&) override {
    return rig_.world.clock.now() < end_ ? sim::Fate::refuse : sim::Fate::deliver;
  }
  sim::Duration latency(const async::HttpRequest&) override { return std::chrono::seconds(1); }

 private:
  const Rig& rig_;
  sim::Time end_;
};

}  // namespace

TEST_CASE("a server that is silent, and one that is back, are events") {
  Rig rig(1);
  rig.write_topology(kHead + kGuest);
  Outage outage(rig, std::chrono::seconds(8));
  rig.world.network.set_faults(&outage);
  const auto ended = rig.run({"plan", "--json"});
  CHECK(ended.exit_code == 0);
  const auto told = of_type(checked(ended.out), "server");
  REQUIRE(told.size() == 2);
  CHECK(text_of(told[0], "state") == "silent");
  CHECK(sim::contains(text_of(told[0], "@message"),
                      "No answer from https://pve:8006 for 5 s (connection refused): asking"));
  CHECK(text_of(told[1], "state") == "answers");
}
