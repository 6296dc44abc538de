#include "providers/pve/resources/template/template.hpp"

#include "providers/pve/resources/template/schema.hpp"
#include "schema/json.hpp"
#include "tests/providers/pve/support/fixture.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using namespace pveplan::pve::test;
using model::Action;
using schema::Value;

namespace {

const schema::ResourceAddress kAddress{"template", "debian12", "", "pve"};
constexpr auto kPendingPath = "/nodes/pve/qemu/9000/pending";
constexpr auto kAfter =
    R"({"image":"debian12","storage":"local-lvm","name":"debian12","guest_agent":"present",
  "scsi_controller":"virtio-scsi-single","disk":{"os":{"size":8589934592}}})";

Value json(const std::string& text) { return *schema::parse_json(text); }

std::string upid(const std::string& text) { return fmt::format(R"({{"data":"{}"}})", text); }

std::string pending(const std::string& disk, const std::string& more = "") {
  return fmt::format(
      R"({{"data":[{{"key":"description","value":"pveplan:lab:template.debian12[pve]:9000:n0nce"}},)"
      R"({{"key":"smbios1","value":"uuid=u1"}},{{"key":"scsi0","value":"{}"}}{}]}})",
      disk, more);
}

struct TemplateFixture : Fixture {
  TemplateFixture() : schema(pve::template_schema()), type(schema) {
    model::Row image;
    image.address = {"image", "debian12", "", "pve"};
    image.identity = json(R"({"node":"pve","storage":"local","volid":"local:import/d.qcow2"})");
    backend.rows.emplace(image.address, image);
  }
  std::vector<model::Step> steps(const std::string& after) {
    model::Change change;
    change.address = kAddress;
    change.action = Action::create;
    change.after = json(after);
    change.identity = type.identity(kAddress, json(R"({"vmid":9000})"));
    return type.lower(change);
  }
  schema::ResourceSchema schema;
  pve::TemplateType type;
};

}  // namespace

TEST_CASE_METHOD(TemplateFixture, "a template is imported, grown and converted") {
  constexpr auto kCreate = "UPID:pve:00002A11:00066C6D:6B01186F:qmcreate:9000:root@pam!pveplan:";
  constexpr auto kResize = "UPID:pve:00002D81:0006724A:6B01187E:resize:9000:root@pam!pveplan:";
  constexpr auto kConvert = "UPID:pve:000032D5:00068322:6B0118A9:qmtemplate:9000:root@pam!pveplan:";
  const auto all = steps(kAfter);
  REQUIRE(all.size() == 3);

  server.expect("GET", kPendingPath)
      .fail(500, "x", R"({"message":"Configuration file 'x' does not exist\n"})");
  server.expect("GET", "/cluster/nextid?vmid=9000").answer(R"({"data":"9000"})");
  server
      .expect("POST", "/nodes/pve/qemu",
              "name=debian12 scsihw=virtio-scsi-single "
              "description=pveplan:lab:template.debian12[pve]:9000:n0nce agent=1 "
              "scsi0=local-lvm:0,import-from=local:import/d.qcow2 scsi30=local-lvm:cloudinit "
              "boot=order=scsi0 vmid=9000")
      .answer(upid(kCreate));
  task_ends(kCreate, "OK");
  server.expect("GET", kPendingPath).answer(pending("local-lvm:vm-9000-disk-0,size=2G"));
  auto made = time.run(type.run(context(), all[0]));
  REQUIRE(server.faults() == "");
  REQUIRE(made);
  CHECK(made->row->exported == json(R"({"id":9000,"node":"pve","storage":"local-lvm"})"));
  backend.rows.insert_or_assign(kAddress, *made->row);

  server.expect("GET", kPendingPath).answer(pending("local-lvm:vm-9000-disk-0,size=2G"));
  server.expect("PUT", "/nodes/pve/qemu/9000/resize", "disk=scsi0 size=8G").answer(upid(kResize));
  task_ends(kResize, "OK");
  auto grown = time.run(type.run(context(), all[1]));
  REQUIRE(server.faults() == "");
  backend.rows.insert_or_assign(kAddress, *grown->row);
  CHECK(grown->row->status == model::RowStatus::incomplete);

  server.expect("GET", kPendingPath).answer(pending("local-lvm:vm-9000-disk-0,size=8G"));
  server.expect("POST", "/nodes/pve/qemu/9000/template").answer(upid(kConvert));
  task_ends(kConvert, "OK");
  server.expect("GET", kPendingPath)
      .answer(pending("local-lvm:base-9000-disk-0,size=8G", R"(,{"key":"template","value":1})"));
  const auto converted = time.run(type.run(context(), all[2]));
  REQUIRE(server.faults() == "");
  CHECK(converted->row->status == model::RowStatus::ok);
  CHECK(converted->row->parts.at("disk.os").identity.find("volume")->as_string() ==
        "local-lvm:base-9000-disk-0");
  backend.rows.insert_or_assign(kAddress, *converted->row);

  model::Intent lost;
  lost.address = kAddress;
  lost.operation = "convert";
  lost.arguments = all[2].arguments;
  server.expect("GET", "/nodes/pve/tasks?source=active&typefilter=qmtemplate")
      .answer(R"({"data":[]})");
  server.expect("GET", kPendingPath)
      .answer(pending("local-lvm:base-9000-disk-0,size=8G", R"(,{"key":"template","value":1})"));
  const auto settled = time.run(type.resolve(context(), lost));
  CHECK(std::holds_alternative<model::Done>(*settled));
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(TemplateFixture,
                 "a template on shared storage is made on a node that has the storage") {
  for (const char* name : {"pve1", "pve2"}) {
    backend.facts.nodes.push_back({name, std::string(name) == "pve2", 0, 0});
    model::StorageFacts storage;
    storage.node = name;
    storage.storage = "ceph";
    storage.available = true;
    backend.facts.storages.push_back(storage);
  }
  backend.rows.clear();
  model::Row image;
  image.address = {"image", "debian12", "", std::nullopt};
  image.identity = json(R"({"node":"","storage":"cephfs","volid":"cephfs:import/d.qcow2"})");
  backend.rows.emplace(image.address, image);
  model::Change change;
  change.address = {"template", "debian12", "", std::nullopt};
  change.action = Action::create;
  change.after = json(R"({"image":"debian12","storage":"ceph"})");
  change.identity = type.identity(change.address, json(R"({"vmid":9000})"));
  server.expect("GET", "/nodes/pve2/qemu/9000/pending")
      .fail(595, "Connection refused");  // the first look tells where it goes
  CHECK_FALSE(time.run(type.run(context(), type.lower(change).at(0))));
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(TemplateFixture, "an agent that would have to be installed is refused") {
  const auto all = steps(R"({"image":"debian12","storage":"local-lvm","guest_agent":"install"})");
  REQUIRE(all.size() == 1);
  CHECK(all[0].operation == "refuse");
  const auto outcome = time.run(type.run(context(), all[0]));
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().detail.find("does not place yet") != std::string::npos);
}
