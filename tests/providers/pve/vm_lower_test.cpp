#include "providers/pve/resources/vm/lower.hpp"
#include "schema/json.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using model::Action;
using schema::Value;

namespace {

const schema::ResourceAddress kAddress{"vm", "db", "", std::nullopt};
constexpr std::int64_t kGibi = 1024LL * 1024 * 1024;

Value json(const std::string& text) { return *schema::parse_json(text); }

model::Change change(Action action, const std::string& after) {
  model::Change result;
  result.address = kAddress;
  result.action = action;
  result.identity = json(R"({"vmid":112,"node":"pve2"})");
  result.after = after.empty() ? Value() : json(after);
  return result;
}

model::AttributeChange set(const char* path, const char* before, const char* after) {
  model::AttributeChange result;
  result.path = schema::Path::parse(path);
  if (*before != 0) result.before = json(before);
  if (*after != 0) result.after = json(after);
  return result;
}

std::string operations(const std::vector<model::Step>& steps) {
  std::string text;
  for (const auto& step : steps) text += (text.empty() ? "" : " ") + step.operation;
  return text;
}

std::string lowered(const model::Change& each) { return operations(pve::lower_vm(each)); }

}  // namespace

TEST_CASE("a VM from a template is cloned, configured, grown and started") {
  const auto steps = pve::lower_vm(change(
      Action::create, fmt::format(
                          R"({{"template":"debian12","disk":{{"os":{{"slot":"scsi0","size":{}}},
         "data":{{"slot":"scsi1","size":{},"storage":"tank"}}}}}})",
                          20 * kGibi, 10 * kGibi)));
  CHECK(operations(steps) == "clone configure resize start");
  CHECK(steps[0].summary == "clone debian12 -> 112, pve2");
  CHECK(steps[0].pools ==
        std::vector<std::string>{"node:pve2", "clone:debian12", "storage:pve2/tank"});
  CHECK(steps[2].summary == "disk.os to 20 GiB");
  CHECK(steps[3].dependencies == std::vector<model::Step::Id>{2});
  CHECK(schema::to_json(*steps[1].arguments.find("then")) == R"(["resize","start"])");
}

TEST_CASE("an empty VM is created in one call, and started unless it is to be stopped") {
  CHECK(lowered(change(Action::create, R"({"cores":2,"disk":{"os":{"slot":"scsi0","size":1}}})")) ==
        "create start");
  CHECK(lowered(change(Action::create, R"({"power":"stopped"})")) == "create");
  CHECK(lowered(change(Action::create,
                       R"({"image":"haos","disk":{"os":{"slot":"scsi0","size":1}}})")) ==
        "create resize start");
}

TEST_CASE("what changed decides the steps of an update") {
  auto each = change(Action::update, R"({"cores":4,"pool":"prod","disk":{"os":{"size":2}}})");
  each.attributes = {set("cores", "2", "4"), set("disk.os.size", "1", "2"),
                     set("pool", "", "\"prod\"")};
  CHECK(lowered(each) == "resize configure pool");

  each.attributes = {set("disk.os.size", "1", "2")};
  CHECK(lowered(each) == "resize");

  each.attributes = {set("cores", "2", "")};
  const auto reset = pve::lower_vm(each);
  CHECK(schema::to_json(*reset.at(0).arguments.find("reset")) == R"(["cores"])");

  auto released = set("cores", "2", "2");
  released.released = true;
  each.attributes = {released};
  CHECK(lowered(each) == "");
}

TEST_CASE("a removed disk is detached and its volume destroyed, a kept one only detached") {
  auto each = change(Action::update, R"({})");
  each.before =
      json(R"({"disk":{"data":{"slot":"scsi1"},"media":{"slot":"scsi2","on_remove":"keep"}}})");
  each.attributes = {set("disk.data", R"({"slot":"scsi1"})", ""),
                     set("disk.media", R"({"slot":"scsi2"})", ""), set("nic.dmz", R"({})", "")};
  const auto steps = pve::lower_vm(each);
  CHECK(operations(steps) == "configure discard");
  CHECK(schema::to_json(*steps[0].arguments.find("removed")) ==
        R"(["disk.data","disk.media","nic.dmz"])");
  CHECK(steps[1].arguments.find("part")->as_string() == "disk.data");
}

TEST_CASE("a restart is a step only where the plan may restart") {
  auto each = change(Action::update, R"({"cores":4})");
  each.facts = json(R"({"status":"running"})");
  each.attributes = {set("cores", "2", "4")};
  CHECK(lowered(each) == "configure");
  each.effects.availability = model::Availability::restart;
  CHECK(lowered(each) == "configure reboot");
  each.after = json(R"({"cores":4,"force_stop":true,"timeouts":{"shutdown":30}})");
  const auto forced = pve::lower_vm(each);
  CHECK(operations(forced) == "configure shutdown start");
  CHECK(forced[1].summary == "shutdown (30 s, then stop)");
  // a waiting guest that may restart now is a change without attributes
  each.attributes.clear();
  each.after = json(R"({"cores":4})");
  CHECK(lowered(each) == "reboot");
}

TEST_CASE("power follows what is stated") {
  auto each = change(Action::update, R"({"power":"running"})");
  each.attributes = {set("power", "\"stopped\"", "\"running\"")};
  CHECK(lowered(each) == "start");
  each.after = json(R"({"power":"stopped"})");
  CHECK(lowered(each) == "shutdown");
  // what cannot be changed on a running guest is changed on one that is off
  each.after = json(R"({"power":"stopped","cores":4})");
  each.attributes.push_back(set("cores", "2", "4"));
  CHECK(lowered(each) == "shutdown configure");
}

TEST_CASE("a running guest whose power is newly stated is restarted where it may be") {
  auto each = change(Action::update, R"({"power":"running","cores":4})");
  each.facts = json(R"({"status":"running"})");
  each.attributes = {set("power", "", "\"running\""), set("cores", "2", "4")};
  each.effects.availability = model::Availability::restart;
  const auto steps = pve::lower_vm(each);
  CHECK(operations(steps) == "configure reboot");
  CHECK(steps.back().arguments.find("power")->as_string() == "running");
}

TEST_CASE("an incomplete guest is configured again and started if that is owed") {
  auto each = change(Action::update, R"({"cores":4})");
  each.resumes = true;
  each.facts = json(R"({"status":"stopped","unfinished":["configure","start"]})");
  CHECK(lowered(each) == "configure start");
  each.facts = json(R"({"status":"stopped","unfinished":["resize"]})");
  each.attributes = {set("disk.os.size", "1", "2")};
  CHECK(lowered(each) == "resize configure");
}

TEST_CASE("options of a disk that wait for a restart are written again when the disk grows") {
  auto each = change(Action::update, R"({"disk":{"os":{"size":2}}})");
  each.attributes = {set("disk.os.size", "1", "2")};
  each.facts = json(R"({"status":"running","waiting_disks":["data"]})");
  CHECK(lowered(each) == "resize");
  each.facts = json(R"({"status":"running","waiting_disks":["data","os"]})");
  CHECK(lowered(each) == "resize configure");
}

TEST_CASE("a new disk of a living guest grows to its size when an image fills it") {
  auto each = change(Action::update, R"({})");
  each.attributes = {set("disk.log", "", R"({"slot":"scsi3","size":2,"image":"debian"})")};
  CHECK(lowered(each) == "configure resize");
  each.attributes = {set("disk.log", "", R"({"slot":"scsi3","size":2})")};
  CHECK(lowered(each) == "configure");
}

TEST_CASE("a running guest is shut down before it is deleted") {
  auto each = change(Action::remove, "");
  each.facts =
      json(R"({"status":"running","ha":true,"identity":{"vmid":112,"node":"pve3","uuid":"u"}})");
  const auto steps = pve::lower_vm(each);
  CHECK(operations(steps) == "shutdown delete");
  CHECK(steps[0].summary == "shutdown (60 s, then stop)");
  CHECK(steps[1].arguments.find("purge")->as_boolean());
  CHECK(steps[1].arguments.find("identity")->find("node")->as_string() == "pve3");
  each.facts = json(R"({"status":"stopped"})");
  CHECK(lowered(each) == "delete");
}

TEST_CASE("what pveplan does not do is refused before anything is written") {
  auto each = change(Action::update, R"({})");
  each.attributes = {set("cores", "1", "2"), set("disk.os.size", "2", "1")};
  const auto shrink = pve::lower_vm(each);
  CHECK(operations(shrink) == "refuse");
  CHECK(shrink[0].arguments.find("reason")->as_string().find("cannot shrink") != std::string::npos);
  each.attributes = {set("disk.os.storage", "\"a\"", "\"b\"")};
  CHECK(lowered(each) == "refuse");
  each.attributes = {set("node", "\"pve1\"", "\"pve2\"")};
  CHECK(lowered(each) == "refuse");

  auto removal = change(Action::remove, "");
  removal.facts = json(R"({"protection":true})");
  CHECK(lowered(removal) == "refuse");
  removal.facts = Value();
  removal.before = json(R"({"disk":{"data":{"on_remove":"keep","slot":"scsi1"}}})");
  CHECK(lowered(removal) == "refuse");
}
