#include "providers/pve/resources/image/image.hpp"

#include "providers/pve/client/client.hpp"
#include "providers/pve/resources/image/codec.hpp"
#include "providers/pve/resources/image/schema.hpp"
#include "schema/json.hpp"
#include "tests/providers/pve/support/fixture.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using namespace pveplan::pve::test;
using model::Action;
using schema::Value;

namespace {

const schema::ResourceAddress kAddress{"image", "debian12", "", "pve"};
constexpr auto kSum = "d6ce33d8a8886579f3c9b0ed5392a43f12f8026b4c3b3933284c082c5a751d32";
constexpr auto kListing = "/nodes/pve/storage/local/content?content=import";
constexpr auto kTask =
    "UPID:pve:0000380E:00068F89:6B0118C9:download:debian12-d6ce33d8a888.qcow2:root@pam!pveplan:";
constexpr auto kThere =
    R"({"data":[{"content":"import","format":"qcow2","size":8716288,"volid":"local:import/debian12-d6ce33d8a888.qcow2"}]})";

Value json(const std::string& text) { return *schema::parse_json(text); }

Value attributes() {
  return json(fmt::format(R"({{"url":"http://127.0.0.1:8099/base.qcow2","storage":"local",
    "checksum":"sha256:{}","content":"import"}})",
                          kSum));
}

struct ImageFixture : Fixture {
  ImageFixture() : schema(pve::image_schema()), type(schema) {
    backend.facts.nodes.push_back({"pve", true, 0, 0});
    model::StorageFacts local;
    local.node = "pve";
    local.storage = "local";
    local.available = true;
    backend.facts.storages.push_back(local);
  }
  model::Step step(Action action, const Value& after, Value facts = Value()) {
    model::Change change;
    change.address = kAddress;
    change.action = action;
    change.after = after;
    change.identity = type.identity(kAddress, attributes());
    change.facts = std::move(facts);
    return type.lower(change).at(0);
  }
  model::Intent intent(Action action = Action::create) {
    const auto its_step = step(action, action == Action::create ? attributes() : Value());
    model::Intent result;
    result.address = kAddress;
    result.operation = its_step.operation;
    result.arguments = its_step.arguments;
    result.server_time = "2026-01-01T00:00:00Z";
    return result;
  }
  schema::ResourceSchema schema;
  pve::ImageType type;
};

}  // namespace

TEST_CASE(
    "an image's file carries 12 digits of its checksum and a suffix that its content accepts") {
  struct Row {
    const char* attributes;
    const char* volume;
  };
  const auto row = GENERATE(values<Row>({
      {R"({"url":"https://x/y/debian-12.qcow2?a=b","storage":"local","checksum":"sha512:ABCDEF0123456789"})",
       "local:import/d-abcdef012345.qcow2"},
      {R"({"url":"https://x/jammy.img","storage":"local","checksum":"sha256:abcdef0123456789"})",
       "local:import/d-abcdef012345.qcow2"},
      {R"({"url":"https://x/jammy.img","storage":"local","format":"raw"})", "local:import/d.raw"},
      {R"({"url":"https://x/tiny.iso","storage":"local","name":"installer"})",
       "local:iso/installer.iso"},
      {R"({"url":"https://x/deb_12.7-1_amd64.tar.zst","storage":"s","content":"container","name":"deb.tar.zst"})",
       "s:vztmpl/deb.tar.zst"},
      {R"({"url":"https://x/a.qcow2","storage":"local","name":"my file+1"})",
       "local:import/my_file_1.qcow2"},
  }));
  CHECK(pve::image_volume("d", json(row.attributes)) == row.volume);
}

TEST_CASE("checksums come with their algorithm or tell it by their length") {
  CHECK(pve::parse_checksum("sha512:ABCD")->algorithm == "sha512");
  CHECK(pve::parse_checksum("sha512:ABCD")->digits == "abcd");
  CHECK(pve::parse_checksum(kSum)->algorithm == "sha256");
  CHECK_FALSE(pve::parse_checksum("xyz"));
  CHECK_FALSE(pve::parse_checksum("abcd"));
}

TEST_CASE_METHOD(ImageFixture, "an image is downloaded with its checksum") {
  server.expect("GET", kListing).answer(R"({"data":[]})");
  server
      .expect(
          "POST", "/nodes/pve/storage/local/download-url",
          fmt::format("content=import filename=debian12-d6ce33d8a888.qcow2 "
                      "url=http://127.0.0.1:8099/base.qcow2 checksum={} checksum-algorithm=sha256",
                      kSum))
      .answer(fmt::format(R"({{"data":"{}"}})", kTask));
  task_ends(kTask, "OK");
  const auto outcome = time.run(type.run(context(), step(Action::create, attributes())));
  REQUIRE(server.faults() == "");
  REQUIRE(outcome);
  CHECK(outcome->row->exported.find("id")->as_string() ==
        "local:import/debian12-d6ce33d8a888.qcow2");
  CHECK(outcome->row->notes.is_null());
}

TEST_CASE_METHOD(ImageFixture,
                 "a file that is there already is checked by the server, used, and never deleted") {
  server.expect("GET", kListing).answer(kThere);
  server.expect("POST", "/nodes/pve/storage/local/download-url", "*")
      .answer(fmt::format(R"({{"data":"{}"}})", kTask));
  task_ends(kTask, "OK");
  const auto outcome = time.run(type.run(context(), step(Action::create, attributes())));
  REQUIRE(outcome);
  CHECK(outcome->row->notes.find("found")->as_boolean());

  const auto row = *outcome->row;
  server.expect("GET", kListing).answer(kThere);
  const auto read = time.run(type.read(context(), row.identity, &row));
  const auto& live = std::get<model::LiveObject>(*read);
  CHECK(live.attributes == row.owned);
  const auto removal = step(Action::remove, Value(), live.facts);
  CHECK(removal.operation == "keep");
  const auto gone = time.run(type.run(context(), removal));
  CHECK_FALSE(gone->row);
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(ImageFixture, "a wrong checksum fails with the server's words") {
  server.expect("GET", kListing).answer(R"({"data":[]})");
  server.expect("POST", "/nodes/pve/storage/local/download-url", "*")
      .answer(fmt::format(R"({{"data":"{}"}})", kTask));
  task_ends(kTask, "checksum mismatch: got 'd6' != expect '00'");
  server.expect("GET", "/nodes/pve/tasks/" + encoded(kTask) + "/log?limit=500")
      .answer(
          R"({"data":[{"n":1,"t":"downloading http://x"},{"n":2,"t":"TASK ERROR: x"}],"total":2})");
  const auto outcome = time.run(type.run(context(), step(Action::create, attributes())));
  REQUIRE(server.faults() == "");
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().detail.find("checksum mismatch") != std::string::npos);
  CHECK(outcome.error().notes.at(0).text.find("downloading http://x") != std::string::npos);
}

TEST_CASE_METHOD(ImageFixture,
                 "a storage that cannot be seen makes the image unreadable, not absent") {
  const auto row = [&] {
    model::Row result;
    result.identity = type.identity(kAddress, attributes());
    result.owned = attributes();
    return result;
  }();
  backend.facts.nodes[0].online = false;
  const auto offline = time.run(type.read(context(), row.identity, &row));
  CHECK(std::get<model::Unreadable>(*offline).reason == "node pve is offline");
  backend.facts.nodes[0].online = true;
  backend.facts.storages.clear();
  const auto hidden = time.run(type.read(context(), row.identity, &row));
  CHECK(std::holds_alternative<model::Unreadable>(*hidden));
}

TEST_CASE_METHOD(ImageFixture, "deleting an image waits for the task") {
  constexpr auto kDelete = "UPID:pve:00003C9F:00069AFC:6B0118E6:imgdel:local:root@pam!pveplan:";
  server.expect("GET", kListing).answer(kThere);
  server
      .expect("DELETE",
              "/nodes/pve/storage/local/content/local%3Aimport%2Fdebian12-d6ce33d8a888.qcow2")
      .answer(fmt::format(R"({{"data":"{}"}})", kDelete));
  task_ends(kDelete, "OK");
  CHECK_FALSE(time.run(type.run(context(), step(Action::remove, Value())))->row);
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(ImageFixture, "a lost download waits for our running task, then finds the file") {
  const auto active = "/nodes/pve/tasks?source=active&typefilter=download";
  backend.facts.user = "root@pam!pveplan";
  server.expect("GET", active).answer(fmt::format(R"({{"data":[{{"upid":"{}"}}]}})", kTask));
  task_ends(kTask, "OK");
  server.expect("GET", active).answer(R"({"data":[]})");
  server.expect("GET", kListing).answer(kThere);
  const auto settled = time.run(type.resolve(context(), intent()));
  REQUIRE(server.faults() == "");
  CHECK(std::holds_alternative<model::Done>(*settled));
}

TEST_CASE_METHOD(ImageFixture,
                 "a lost download of which nothing is seen may be sent again after 30 s") {
  const auto active = "/nodes/pve/tasks?source=active&typefilter=download";
  server.expect("GET", active).answer(R"({"data":[]})");
  server.expect("GET", kListing).answer(R"({"data":[]})").at(3);
  server.expect("GET", active).answer(R"({"data":[]})");
  server.expect("GET", kListing).answer(R"({"data":[]})").at(36);
  const auto settled = time.run(type.resolve(context(), intent()));
  REQUIRE(server.faults() == "");
  CHECK(std::holds_alternative<model::NotDone>(*settled));
}

TEST_CASE_METHOD(ImageFixture, "a lost deletion is sent again only when nothing can come of it") {
  constexpr auto kDelete = "UPID:pve:00003C9F:00069AFC:6B0118E6:imgdel:local:root@pam!pveplan:";
  const auto active = "/nodes/pve/tasks?source=active&typefilter=imgdel";
  const auto nothing_runs = [&] { server.expect("GET", active).answer(R"({"data":[]})"); };
  server.expect("GET", active).answer(fmt::format(R"({{"data":[{{"upid":"{}"}}]}})", kDelete));
  task_ends(kDelete, "OK");
  nothing_runs();
  server.expect("GET", kListing).answer(R"({"data":[]})");
  CHECK(std::holds_alternative<model::Done>(
      *time.run(type.resolve(context(), intent(Action::remove)))));
  nothing_runs();
  server.expect("GET", kListing).answer(kThere).at(5);
  nothing_runs();
  server.expect("GET", kListing).answer(kThere).at(36);
  CHECK(std::holds_alternative<model::NotDone>(
      *time.run(type.resolve(context(), intent(Action::remove)))));
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(ImageFixture, "what the API cannot place is refused with the reason") {
  const auto refused = step(Action::create, json(R"({"file":"x.qcow2","storage":"local"})"));
  CHECK(refused.operation == "refuse");
  const auto outcome = time.run(type.run(context(), refused));
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().detail.find("not supported yet") != std::string::npos);
  CHECK(step(Action::create, json(R"({"url":"https://x/haos.qcow2.xz","storage":"local"})"))
            .operation == "refuse");
}
