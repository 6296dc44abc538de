#include "engine/view/plan_markdown.hpp"

#include "engine/view/plan_json.hpp"
#include "engine/view/plan_text.hpp"
#include "providers/core/resources/record/schema.hpp"
#include "providers/pve/resources/vm/schema.hpp"
#include "schema/json.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"

#include <fmt/format.h>

using namespace pveplan;
using schema::Path;
using schema::ResourceAddress;
using schema::Value;

namespace {

constexpr std::int64_t kGiB = 1024 * 1024 * 1024;

ResourceAddress address(const std::string& text) { return *schema::parse_address(text); }

Value guest(std::int64_t vmid, const char* node) {
  return Value::map({{"vmid", Value::integer(vmid)}, {"node", Value::string(node)}});
}

model::Change change(const std::string& name, model::Action action, Value identity) {
  model::Change result;
  result.address = address(name);
  result.action = action;
  result.identity = std::move(identity);
  return result;
}

model::AttributeChange attribute(const std::string& path, Value before, Value after,
                                 model::Availability availability) {
  model::AttributeChange result;
  result.path = Path::parse(path);
  result.before = std::move(before);
  result.after = std::move(after);
  result.effects.availability = availability;
  return result;
}

model::Step step(const std::string& name, const std::string& operation, const std::string& brief) {
  model::Step result;
  result.address = address(name);
  result.operation = operation;
  result.brief = brief;
  return result;
}

/// The plan that PLAN_TEXT sketches, as far as effects go.
engine::SavedPlan sample() {
  using model::Action;
  using model::Availability;
  engine::SavedPlan saved;
  saved.id = std::string(64, '5');
  auto& plan = saved.plan;
  plan.origin = {"homelab", "id", "lab", "lineage", 41, "digest", "8.4.21", 3, 3};
  auto create = change("vm.docker", Action::create, guest(112, "pve2"));
  create.attributes = {attribute("cores", Value(), Value::integer(2), Availability::none)};
  create.effects.data = {
      {model::DataEffect::Kind::copy, 8 * kGiB, "full clone of template.debian12[pve2] (9002)"}};
  auto restart = change("vm.db[b]", Action::update, guest(118, "pve2"));
  restart.attributes = {
      attribute("cores", Value::integer(2), Value::integer(4), Availability::restart),
      attribute("disk.data.size", Value::integer(1024 * kGiB), Value::integer(2048 * kGiB),
                Availability::live)};
  restart.effects.availability = Availability::restart;
  auto destroy = change("vm.legacy", Action::remove, guest(231, "pve3"));
  destroy.reason = "[vm.legacy] is no longer in the topology";
  destroy.effects.availability = Availability::stop;
  destroy.effects.data = {{model::DataEffect::Kind::loss, 552 * kGiB, "disk.os (local-lvm)"}};
  destroy.also = {"removes the HA resource"};
  model::Backup backup;
  backup.seen.volume = "pbs1:backup/vm/231/2026-11-12T03:00:00Z";
  backup.seen.storage = "pbs1";
  backup.seen.taken_at = 1'794'452'400;
  backup.seen.verified = true;
  backup.covers = {"disk.os"};
  backup.leaves_out = {"disk.data (excluded: backup = false)"};
  destroy.backup = backup;
  plan.changes = {restart, create, destroy};
  plan.steps = {step("vm.legacy", "shutdown", "stop (shut down within 60 s, else stopped hard)"),
                step("vm.legacy", "delete", ""),
                step("vm.docker", "clone", ""),
                step("vm.docker", "start", ""),
                step("vm.db[b]", "configure", ""),
                step("vm.db[b]", "resize", ""),
                step("vm.db[b]", "reboot",
                     "restart (shut down within 180 s, else error and left running), wait up to "
                     "300 s for agent")};
  for (const auto* key : {"1", "2", "3", "4"}) {
    auto waits = change(fmt::format("vm.web[{}]", key), Action::update, guest(120, "pve1"));
    waits.attributes = {
        attribute("cores", Value::integer(2), Value::integer(4), Availability::none)};
    waits.attributes[0].effects.waits_for_restart = true;
    waits.effects.waits_for_restart = true;
    plan.changes.push_back(waits);
  }
  plan.drift = {{address("vm.dns[a]"), Path({"memory"}), Value::integer(2 * kGiB),
                 Value::integer(3 * kGiB), Value::integer(2 * kGiB), ""}};
  plan.needs_permission = {address("vm.legacy")};
  return saved;
}

schema::SchemaRegistry& schemas() {
  static const auto vm = pve::vm_schema();
  static const auto record = core::record_schema();
  static schema::SchemaRegistry registry = [] {
    schema::SchemaRegistry result;
    result.add(vm);
    result.add(record);
    return result;
  }();
  return registry;
}

std::string markdown(const engine::SavedPlan& saved, std::size_t most = 60000) {
  return view::plan_markdown(saved, schemas(), most, "plan.json");
}

/// A plan of `count` records whose one value is `text`.
engine::SavedPlan of_records(std::size_t count, const std::string& text) {
  engine::SavedPlan saved;
  saved.id = std::string(64, 'a');
  saved.plan.origin.topology = "t";
  saved.plan.origin.cluster = "none";
  for (std::size_t i = 0; i < count; ++i) {
    auto one = change(fmt::format("record.r{}", i), model::Action::update, Value());
    one.attributes = {
        attribute("input", Value::string("old"), Value::string(text), model::Availability::none)};
    saved.plan.changes.push_back(one);
  }
  return saved;
}

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("a pull request shows the danger first and folds the details") {
  tests::check_golden(tests::golden_directory() + "/plans/review.md", markdown(sample()));
}

TEST_CASE("no text of a topology gets out of its place in the comment") {
  const std::string nasty = "a|b ```x``` @team #12 <script> </details>\n| c |";
  const auto text = markdown(of_records(1, nasty));
  INFO(text);
  // Inside a code span or a fence that is longer than any run of backticks, nothing is markup.
  CHECK(text.find("````diff\n") != std::string::npos);
  CHECK(times(text, "\n````\n") == 1);
  for (std::size_t start = 0; start < text.size();) {
    const auto end = text.find('\n', start);
    const auto line = text.substr(start, end - start);
    if (line.starts_with("| 🟢")) {
      CHECK(times(line, "|") - times(line, "\\|") == 5);
      CHECK(line.find("````input") != std::string::npos);
    }
    start = end + 1;
  }
}

TEST_CASE("a comment keeps its limit, leaves out what hurts least first, and says so") {
  auto plan = of_records(150, std::string(60, 'x'));
  for (const auto& each : sample().plan.changes) plan.plan.changes.push_back(each);
  const auto whole = markdown(plan, 1'000'000);
  CHECK(whole.find("Left out") == std::string::npos);
  bool greens_gone = false;
  for (std::size_t most = whole.size() + 2000; most >= view::kLeastMarkdown; most -= 500) {
    const auto text = markdown(plan, most);
    INFO(most);
    REQUIRE(text.size() <= most);
    CHECK(text.starts_with("<!-- pveplan t -->\n### pveplan t: "));
    CHECK(text.find("Destroys data: 552 GiB") != std::string::npos);
    CHECK(text.find("<sub>") != std::string::npos);
    CHECK(times(text, "<details>") == times(text, "</details>"));
    const bool has_green = text.find("<details><summary>🟢") != std::string::npos;
    const bool has_amber = text.find("<details><summary>🟠") != std::string::npos;
    const bool has_red = text.find("<details><summary>🔴") != std::string::npos;
    CHECK((!has_green || has_amber));
    CHECK((!has_amber || has_red));
    if (!has_green) {
      greens_gone = true;
      CHECK(text.find("green details") != std::string::npos);
    }
  }
  CHECK(greens_gone);
}

TEST_CASE("a partial plan says so in its headline and an empty one that nothing changes") {
  auto plan = of_records(0, "");
  plan.plan.matching = 3;
  CHECK(markdown(plan).find("### pveplan t: no changes\n") != std::string::npos);
  plan.plan.unknown = {{address("vm.far"), "node pve3 is offline"}};
  const auto text = markdown(plan);
  CHECK(text.find("### PARTIAL PLAN: pveplan t: no changes\n") != std::string::npos);
  CHECK(text.find("Cannot be read and stay as they are: `vm.far`.") != std::string::npos);
}

TEST_CASE("secrets are in no format") {
  auto plan = of_records(1, "x");
  auto& only = plan.plan.changes[0];
  only.after = Value::map({{"input", Value::string("hunter2").as_sensitive()},
                           {"list", Value::list({Value::string("hunter2").as_sensitive()})}});
  only.before = Value::map({{"input", Value::string("hunter2")}});
  only.attributes[0].sensitive = true;
  only.attributes[0].before = Value::string("hunter2");
  only.attributes[0].after = Value::string("hunter2").as_sensitive();
  const auto json = view::plan_json(plan);
  for (const auto& text :
       {markdown(plan), schema::to_json(json), view::plan_text(plan.plan, schemas())}) {
    INFO(text);
    CHECK(text.find("hunter2") == std::string::npos);
  }
  const auto& shown = *json.find("resource_changes")->as_list()[0].find("change");
  CHECK(schema::to_json(*shown.find("after_sensitive")) == R"({"input":true,"list":[true]})");
  CHECK(schema::to_json(*shown.find("before_sensitive")) == R"({"input":true})");
}

TEST_CASE("what is known after apply is left out of the JSON and marked beside it") {
  auto plan = of_records(1, "x");
  plan.plan.changes[0].after = Value::map({{"ip", Value::unknown()}, {"cores", Value::integer(2)}});
  const auto json = view::plan_json(plan);
  const auto& shown = *json.find("resource_changes")->as_list()[0].find("change");
  CHECK(schema::to_json(*shown.find("after")) == R"({"cores":2})");
  CHECK(schema::to_json(*shown.find("after_unknown")) == R"({"ip":true})");
}
