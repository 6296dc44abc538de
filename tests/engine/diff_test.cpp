#include "engine/diff.hpp"

#include "engine/canonical.hpp"
#include "schema/json.hpp"
#include "tests/support/catch.hpp"

#include <map>

using namespace pveplan;
using schema::attr;
using schema::EffectRule;
using schema::Value;

namespace {

schema::ObjectSchema guest_schema() {
  schema::ObjectBuilder disk;
  disk.add(attr("size", schema::size()).effect(EffectRule::grow_disk).doc("Size."));
  disk.add(attr("ssd", schema::boolean()).effect(EffectRule::restart).doc("SSD."));
  disk.add(
      attr("on_remove", schema::string()).default_ours(Value::string("destroy")).doc("Removal."));
  schema::ObjectBuilder guest;
  guest.add(attr("cores", schema::integer()).effect(EffectRule::restart).doc("Cores."));
  guest.add(attr("tags", schema::set_of(schema::string()))
                .canonical(schema::CanonicalForm::tags)
                .doc("Tags."));
  guest.add(attr("template", schema::string()).effect(EffectRule::create_only).doc("Template."));
  guest.add(attr("node", schema::string()).effect(EffectRule::replaces).doc("Node."));
  guest.add(attr("onboot", schema::boolean()).default_ours(Value::boolean(true)).doc("Start."));
  guest.add(attr("password", schema::string()).sensitive().doc("Password."));
  guest.add(attr("disk", schema::keyed_part(disk.build()))
                .effect(EffectRule::hotplug_disk)
                .doc("Disks."));
  return guest.build();
}

Value json(const std::string& text) { return *schema::parse_json(text); }

/// "path: before -> after" of each change, with a mark for what is released or waits.
std::string told(const engine::Difference& difference) {
  std::string text;
  for (const auto& change : difference.changes) {
    text += change.path.text() + ": " + schema::to_json(change.before) + " -> " +
            schema::to_json(change.after);
    if (change.released) text += " released";
    if (change.forces_replace) text += " replaces";
    if (change.effects.availability == model::Availability::restart) text += " restart";
    if (change.effects.lost_bytes() > 0)
      text += " loses " + std::to_string(change.effects.lost_bytes());
    text += "\n";
  }
  return text;
}

struct Case {
  std::string name, wanted, owned, live, expected, after;
};

model::LiveObject running(const std::string& attributes) {
  model::LiveObject live;
  live.attributes = json(attributes);
  live.facts = json(R"({"status":"running","hotplug":["disk","network","usb"]})");
  return live;
}

}  // namespace

TEST_CASE("taking back a pending value of somebody else changes nothing that runs") {
  const auto object =
      schema::ObjectBuilder()
          .add(
              schema::attr("cores", schema::integer()).effect(schema::EffectRule::restart).doc("d"))
          .build();
  const auto cores = [](std::int64_t count) {
    return schema::Value::object({{"cores", schema::Value::integer(count)}});
  };
  model::LiveObject live;
  live.attributes = cores(1);  // pending
  live.running = cores(4);
  live.facts = schema::Value::map({{"status", schema::Value::string("running")}});
  engine::Desired desired;
  desired.attributes = cores(4);
  const auto changes = engine::difference(object, desired, cores(4), live, 804).changes;
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].effects.availability == model::Availability::none);
  CHECK(changes[0].note == "drops the pending value");
  live.running = cores(2);
  CHECK(engine::difference(object, desired, cores(4), live, 804).changes[0].effects.availability ==
        model::Availability::restart);
}

TEST_CASE("the difference follows ownership of each field") {
  const auto schema = guest_schema();
  const Case each = GENERATE(values<Case>({
      {"equal", R"({"cores":2})", R"({"cores":2})", R"({"cores":2})", "", R"({"cores":2})"},
      {"not stated, not owned: left alone", R"({"cores":2})", R"({"cores":2})",
       R"({"cores":2,"tags":["x"]})", "", R"({"cores":2})"},
      {"changed in the topology", R"({"cores":4})", R"({"cores":2})", R"({"cores":2})",
       "cores: 2 -> 4 restart\n", R"({"cores":4})"},
      {"changed by somebody else: taken back", R"({"cores":2})", R"({"cores":2})", R"({"cores":8})",
       "cores: 8 -> 2 restart\n", R"({"cores":2})"},
      {"dropped: released", R"({})", R"({"cores":2})", R"({"cores":2})", "cores: 2 -> 2 released\n",
       R"({})"},
      {"order and case of tags mean nothing", R"({"tags":["B","a"]})", R"({"tags":["a","b"]})",
       R"({"tags":["a","b"]})", "", R"({"tags":["B","a"]})"},
      {"a default that bound at create stays", R"({"cores":2})", R"({"cores":2,"onboot":true})",
       R"({"cores":2,"onboot":true})", "", R"({"cores":2,"onboot":true})"},
      {"what cannot change replaces", R"({"node":"b"})", R"({"node":"a"})", R"({"node":"a"})",
       "node: \"a\" -> \"b\" replaces\n", R"({"node":"b"})"},
      {"a disk is added with its defaults", R"({"disk":{"d":{"size":10}}})", R"({})", R"({})",
       "disk.d: null -> {\"on_remove\":\"destroy\",\"size\":10}\n",
       R"({"disk":{"d":{"on_remove":"destroy","size":10}}})"},
      {"a disk that leaves is data loss", R"({})", R"({"disk":{"d":{"size":10}}})",
       R"({"disk":{"d":{"size":10}}})", "disk.d: {\"size\":10} -> null loses 10\n", R"({})"},
      {"a disk that is kept loses nothing", R"({})",
       R"({"disk":{"d":{"on_remove":"keep","size":10}}})", R"({"disk":{"d":{"size":10}}})",
       "disk.d: {\"on_remove\":\"keep\",\"size\":10} -> null\n", R"({})"},
      {"a disk that somebody detached is added again", R"({"disk":{"d":{"size":10}}})",
       R"({"disk":{"d":{"size":10}}})", R"({"disk":{}})",
       "disk.d: null -> {\"on_remove\":\"destroy\",\"size\":10}\n",
       R"({"disk":{"d":{"on_remove":"destroy","size":10}}})"},
      {"a disk grows live", R"({"disk":{"d":{"size":20}}})", R"({"disk":{"d":{"size":10}}})",
       R"({"disk":{"d":{"size":10}}})", "disk.d.size: 10 -> 20\n", R"({"disk":{"d":{"size":20}}})"},
      {"a secret is compared with what was written", R"({"password":"x"})", R"({"password":"x"})",
       R"({"password":"**********"})", "", R"({"password":"x"})"},
  }));
  INFO(each.name);
  const auto result = engine::difference(schema, {json(each.wanted), {}}, json(each.owned),
                                         running(each.live), 804);
  CHECK(told(result) == each.expected);
  CHECK(schema::to_json(result.after) == each.after);
}

TEST_CASE("unset resets a field that was not stated any more") {
  const auto result = engine::difference(guest_schema(), {json("{}"), {"cores"}},
                                         json(R"({"cores":2})"), running(R"({"cores":2})"), 804);
  CHECK(told(result) == "cores: 2 -> null restart\n");
}

TEST_CASE("drift tells what was, what is and what is wanted") {
  const auto result = engine::difference(guest_schema(), {json(R"({"cores":4})"), {}},
                                         json(R"({"cores":2})"), running(R"({"cores":3})"), 804);
  REQUIRE(result.drift.size() == 1);
  CHECK(result.drift[0].was == Value::integer(2));
  CHECK(result.drift[0].is == Value::integer(3));
  CHECK(result.drift[0].wanted == Value::integer(4));
}

TEST_CASE("after what a difference leads to there is no difference") {
  const auto schema = guest_schema();
  const auto wanted =
      json(GENERATE(R"({"cores":4,"tags":["b","a"],"disk":{"d":{"size":3},"e":{"size":4}}})",
                    R"({"disk":{"e":{"size":9,"ssd":true}},"onboot":false})", "{}"));
  const auto first =
      engine::difference(schema, {wanted, {}}, json(R"({"cores":1,"disk":{"d":{"size":1}}})"),
                         running(R"({"cores":2,"disk":{"d":{"size":1}}})"), 804);
  model::LiveObject live = running("{}");
  live.attributes = first.after;
  const auto second = engine::difference(schema, {wanted, {}}, first.after, live, 804);
  CHECK(told(second).empty());
  CHECK(second.drift.empty());
  CHECK(second.after == first.after);
}

TEST_CASE("a fingerprint covers the owned leaves and nothing else") {
  const auto schema = guest_schema();
  const auto owned = json(R"({"cores":2,"disk":{"d":{"size":10}}})");
  const auto print = [&](const std::string& live) {
    return engine::fingerprint(schema, owned, json(live), json(R"({"vmid":1})"), Value());
  };
  const auto base = print(R"({"cores":2,"disk":{"d":{"size":10}}})");
  CHECK(
      base ==
      print(R"({"cores":2,"tags":["x"],"disk":{"d":{"size":10,"ssd":true},"other":{"size":1}}})"));
  CHECK(base != print(R"({"cores":3,"disk":{"d":{"size":10}}})"));
  CHECK(base != print(R"({"cores":2,"disk":{"d":{"size":11}}})"));
  CHECK(base != print(R"({"cores":2})"));
}
