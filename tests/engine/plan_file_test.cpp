#include "engine/plan_file.hpp"

#include "engine/plan_form.hpp"
#include "schema/json.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using engine::SavedPlan;
using schema::ResourceAddress;
using schema::Value;

namespace {

const engine::SecretDigest kDigest = [](const std::string& secret) {
  return "digest-of-" + std::to_string(secret.size());
};

ResourceAddress address(const std::string& text) { return *schema::parse_address(text); }

Value odd_values() {
  schema::Reference::Part part;
  part.literal = "at ";
  part.target = address("vm.db[1]");
  part.all_instances = true;
  part.attribute = schema::Path({"nic", "lan.x", "ip"});
  schema::Reference reference;
  reference.parts = {part,
                     {.literal = " end", .target = {}, .all_instances = false, .attribute = {}}};
  return Value::map({{"unknown", Value::unknown()},
                     {"reference", Value::reference(reference)},
                     {"decimal", Value::decimal("1.50")},
                     {"null", Value()},
                     {"$map", Value::map({{"$unknown", Value::boolean(true)}})},
                     {"list", Value::list({Value::integer(-3), Value::string("a\n\"b\"")})},
                     {"digest", Value::map({{"hmac", Value::string("ab12")}}).as_sensitive()},
                     {"secret", Value::string("hunter2").as_sensitive()}});
}

model::Effects effects() {
  model::Effects result;
  result.availability = model::Availability::restart;
  result.data = {{model::DataEffect::Kind::loss, 12, "disk.os"},
                 {model::DataEffect::Kind::copy, 7, "clone"}};
  result.waits_for_restart = true;
  result.interrupts_node = "pve1";
  result.may_lock_out = true;
  return result;
}

model::Change full_change() {
  model::Change change;
  change.address = address("vm.db[1]");
  change.action = model::Action::replace;
  change.identity = Value::map({{"vmid", Value::integer(104)}});
  change.before = Value::map({{"cores", Value::integer(2)}});
  change.after = odd_values();
  change.exported = Value::map({{"ip", Value::unknown()}});
  model::AttributeChange attribute;
  attribute.path = schema::Path({"disk", "data.1", "size"});
  attribute.before = Value::string("old secret");
  attribute.after = Value::string("newer secret");
  attribute.effects = effects();
  attribute.sensitive = attribute.forces_replace = attribute.released = true;
  attribute.note = "never live";
  change.attributes = {attribute};
  change.effects = effects();
  change.reason = "because";
  change.notes = {"note"};
  change.warnings = {"warning"};
  change.fingerprint = "f00d";
  change.facts = Value::map({{"status", Value::string("running")}});
  change.resumes = true;
  change.dependencies = {address("pool.team")};
  return change;
}

model::Intent open_intent() {
  model::Intent intent;
  intent.id = 7;
  intent.address = address("pool.old");
  intent.operation = "create";
  intent.nonce = "abc";
  return intent;
}

/// Every member of every type has a value of its own.
SavedPlan full_plan() {
  SavedPlan saved;
  auto& plan = saved.plan;
  plan.mode = model::PlanMode::destroy;
  plan.origin = {"home", "cluster-id", "lab", "lineage", 41, "topology-digest", "8.4.1", 2, 3};
  plan.changes = {full_change()};
  model::Step first, second;
  first.address = second.address = address("vm.db[1]");
  first.operation = "clone";
  first.arguments = odd_values();
  first.pools = {"node:pve1"};
  first.summary = "clone 9002 -> 104";
  first.writes = 2;
  second.id = 1;
  second.operation = "start";
  second.dependencies = {0};
  plan.steps = {first, second};
  plan.drift = {{address("vm.web"), schema::Path({"memory"}), Value::integer(1), Value::integer(2),
                 Value::integer(3), "note"}};
  plan.unknown = {{address("vm.far"), "node pve3 is offline"}};
  plan.open_intents = {open_intent()};
  plan.allowed = {"vm.db*"};
  plan.restarts = {"vm.web*"};
  plan.needs_permission = {address("vm.legacy")};
  plan.matching = 5;
  plan.waiting = {{address("vm.web[2]"), "cores 2 -> 4"}};
  plan.older = {{address("vm.web[2]"), "template.debian"}};
  plan.reads = 71;
  plan.extra_reads = 7;
  plan.unmanaged_guests = 38;
  plan.capacity = {"local-lvm pve2 192 of 212 GiB"};
  plan.warnings = {schema::warning("Careful", "It may rain.")};
  model::Row row;
  row.address = address("record.a");
  row.owned = Value::map({{"input", Value::integer(1)}});
  saved.silent_rows = {row};
  saved.variables = {{"env", Value::string("prod"), "--var"}};
  saved.program = "0.1.0";
  saved.created_at = "2026-11-21T10:00:00Z";
  return saved;
}

engine::SecretsByDigest known_secrets() {
  engine::SecretsByDigest secrets;
  for (const auto* secret : {"hunter2", "old secret", "newer secret"})
    engine::collect_secrets(Value::string(secret).as_sensitive(), kDigest, secrets);
  return secrets;
}

std::string summary_of(const std::string& bytes) {
  const auto read = engine::read_plan_file(bytes, "plan.json", {});
  REQUIRE_FALSE(read);
  CHECK(read.error().detail.find("plan.json") != std::string::npos);
  return read.error().summary;
}

/// The file with one member of its body replaced and a checksum that fits.
std::string forged(const schema::Path& path, Value value) {
  auto form = engine::plan_form(full_plan(), kDigest);
  SavedPlan saved = full_plan();
  auto file = *schema::parse_json(engine::write_plan_file(saved, kDigest));
  form = form.with(path, std::move(value));
  std::vector<std::string> missing;
  auto read = engine::plan_from_form(form, known_secrets(), missing);
  return read ? "accepted" : read.error();
}

}  // namespace

TEST_CASE("a plan comes back from its file with every member") {
  auto saved = full_plan();
  const auto bytes = engine::write_plan_file(saved, kDigest);
  const auto read = engine::read_plan_file(bytes, "plan.json", known_secrets());
  REQUIRE(read);
  CHECK(read->missing_secrets.empty());
  CHECK(engine::plan_form(read->saved, kDigest) == engine::plan_form(saved, kDigest));
  CHECK(read->saved.program == "0.1.0");
  CHECK(read->saved.created_at == saved.created_at);
  CHECK(read->saved.id == saved.id);
  const auto& arguments = read->saved.plan.steps[0].arguments;
  CHECK(arguments == odd_values());
  CHECK(arguments.find("secret")->sensitive());
  CHECK(arguments.find("digest")->sensitive());
  CHECK(read->saved.plan.changes[0].attributes[0].path.steps()[1] == "data.1");
}

TEST_CASE("no secret is in a plan file, marked or not") {
  auto saved = full_plan();
  const auto bytes = engine::write_plan_file(saved, kDigest);
  for (const auto* secret : {"hunter2", "old secret", "newer secret"})
    CHECK(bytes.find(secret) == std::string::npos);
}

TEST_CASE("a secret that the topology does not hold any more is told") {
  auto saved = full_plan();
  const auto bytes = engine::write_plan_file(saved, kDigest);
  const auto read = engine::read_plan_file(bytes, "plan.json", {});
  REQUIRE(read);
  CHECK_FALSE(read->missing_secrets.empty());
  CHECK(read->saved.plan.steps[0].arguments.find("secret")->sensitive());
}

TEST_CASE("the id depends on the plan and not on the hour") {
  auto first = full_plan(), later = full_plan(), other = full_plan();
  later.created_at = "2027-01-01T00:00:00Z";
  later.program = "0.2.0";
  other.plan.steps[0].arguments = Value();
  for (auto* each : {&first, &later, &other}) engine::identify(*each, kDigest);
  CHECK(first.id == later.id);
  CHECK(first.id != other.id);
}

TEST_CASE("a plan file that was cut anywhere gives one clear error") {
  auto saved = full_plan();
  const auto bytes = engine::write_plan_file(saved, kDigest);
  // The last byte is a line break: without it the file still says everything.
  for (std::size_t length = 0; length + 1 < bytes.size(); ++length)
    REQUIRE(summary_of(bytes.substr(0, length)) == "Not a saved plan");
  CHECK(engine::read_plan_file(bytes.substr(0, bytes.size() - 1), "plan.json", {}));
}

TEST_CASE("a plan file with any byte changed is refused") {
  auto saved = full_plan();
  const auto bytes = engine::write_plan_file(saved, kDigest);
  const auto body = bytes.find("\"body\"");
  const auto end = bytes.find("\"created_at\"");
  for (auto i = body; i < end; ++i) {
    auto changed = bytes;
    changed[i] = changed[i] == '1' ? '2' : '1';
    INFO(i);
    REQUIRE_FALSE(engine::read_plan_file(changed, "plan.json", {}));
  }
}

TEST_CASE("what is no plan, or one of another version, is said to be that") {
  CHECK(summary_of("") == "Not a saved plan");
  CHECK(summary_of("garbage") == "Not a saved plan");
  CHECK(summary_of("[]") == "Not a saved plan");
  CHECK(summary_of("{\"format\":1,\"serial\":4}") == "Not a saved plan");
  CHECK(summary_of("{\"format\":\"pveplan-plan\",\"version\":2,\"program\":\"9.0\"}") ==
        "Plan of another version");
  CHECK(summary_of("{\"format\":\"pveplan-plan\"}") == "Plan of another version");
  CHECK(summary_of("{\"format\":\"pveplan-plan\",\"version\":1,\"id\":3}") == "Damaged plan file");
  CHECK(summary_of("{\"format\":\"pveplan-plan\",\"version\":1,\"more\":3}") ==
        "Damaged plan file");
}

TEST_CASE("members that do not belong are refused even when the checksum fits") {
  using schema::Path;
  CHECK(forged(Path({"plan", "mode"}), Value::string("converge")) == "accepted");
  CHECK(forged(Path({"plan", "mode"}), Value::string("later")) ==
        "\"mode\" of the plan is not as it must be");
  CHECK(forged(Path({"plan", "surprise"}), Value::integer(1)) ==
        "the plan has the unknown member \"surprise\"");
  CHECK(forged(Path({"plan", "origin", "serial"}), Value::string("41")) ==
        "\"serial\" of the plan's origin is not as it must be");
  CHECK(forged(Path({"plan", "needs_permission"}), Value::list({Value::string("no address")})) ==
        "\"no address\" is no address");
  const auto step = Value::map({{"id", Value::integer(0)},
                                {"address", Value::string("vm.a")},
                                {"operation", Value::string("start")},
                                {"needs", Value::list({Value::integer(9)})},
                                {"writes", Value::integer(1)}});
  CHECK(forged(Path({"plan", "steps"}), Value::list({step})) ==
        "step 0 does not fit into the plan");
  const auto bad = Value::map({{"$unknown", Value::boolean(true)}, {"x", Value::integer(1)}});
  CHECK(forged(Path({"plan", "steps"}), Value::list({step.with(Path({"arguments"}), bad)})) ==
        "\"arguments\" of a step of vm.a is not as it must be");
}
