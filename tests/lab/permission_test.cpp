#include "lab/core/permission.hpp"

#include "lab/core/parameters.hpp"
#include "lab/world/make_world.hpp"
#include "tests/lab/lab_client.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan::lab;
using pveplan::lab::testing::LabClient;

namespace {

World world_with_roles() {
  World world = make_world({});
  world.access.custom_roles["Reader"] = {"VM.Audit"};
  world.access.custom_roles["Writer"] = {"VM.Audit", "VM.Config.CPU"};
  world.access.users["ann@pve"];
  add_token(world, "ann@pve", "own", true);
  add_token(world, "ann@pve", "all", false);
  return world;
}

}  // namespace

TEST_CASE("a grant on a nearer path replaces the one from above", "[lab]") {
  World world = world_with_roles();
  world.access.acl["/"].users["ann@pve"]["Writer"] = true;
  CHECK(has_privilege(world, "ann@pve", "/vms/100", "VM.Config.CPU"));
  world.access.acl["/vms/100"].users["ann@pve"]["Reader"] = true;
  CHECK_FALSE(has_privilege(world, "ann@pve", "/vms/100", "VM.Config.CPU"));
  CHECK(has_privilege(world, "ann@pve", "/vms/101", "VM.Config.CPU"));
}

TEST_CASE("a grant that does not propagate holds on its own path only", "[lab]") {
  World world = world_with_roles();
  world.access.acl["/vms"].users["ann@pve"]["Reader"] = false;
  CHECK(has_privilege(world, "ann@pve", "/vms", "VM.Audit"));
  CHECK_FALSE(has_privilege(world, "ann@pve", "/vms/100", "VM.Audit"));
}

TEST_CASE("a separated token has what both its user and itself were granted", "[lab]") {
  World world = world_with_roles();
  world.access.acl["/"].users["ann@pve"]["Reader"] = true;
  CHECK_FALSE(has_privilege(world, "ann@pve!own", "/vms/100", "VM.Audit"));
  CHECK(has_privilege(world, "ann@pve!all", "/vms/100", "VM.Audit"));
  world.access.acl["/vms"].tokens["ann@pve!own"]["Writer"] = true;
  CHECK(has_privilege(world, "ann@pve!own", "/vms/100", "VM.Audit"));
  CHECK_FALSE(has_privilege(world, "ann@pve!own", "/vms/100", "VM.Config.CPU"));
}

TEST_CASE("the role NoAccess takes everything away", "[lab]") {
  World world = world_with_roles();
  world.access.acl["/"].users["ann@pve"]["Writer"] = true;
  world.access.acl["/vms/100"].users["ann@pve"] = {{"Writer", true}, {"NoAccess", true}};
  CHECK(privileges_on(world, "ann@pve", "/vms/100").empty());
}

TEST_CASE("a user's own entry beats that of his groups on the same path", "[lab]") {
  World world = world_with_roles();
  world.access.groups["ops"].members = {"ann@pve"};
  world.access.acl["/vms"].groups["ops"]["Writer"] = true;
  CHECK(has_privilege(world, "ann@pve", "/vms/100", "VM.Config.CPU"));
  world.access.acl["/vms"].users["ann@pve"]["Reader"] = true;
  CHECK_FALSE(has_privilege(world, "ann@pve", "/vms/100", "VM.Config.CPU"));
}

TEST_CASE("roles on a pool count on its members", "[lab]") {
  World world = world_with_roles();
  world.access.pools["web"].guests = {100};
  world.access.acl["/pool/web"].users["ann@pve"]["Writer"] = true;
  CHECK(has_privilege(world, "ann@pve", "/vms/100", "VM.Config.CPU"));
  CHECK_FALSE(has_privilege(world, "ann@pve", "/vms/101", "VM.Config.CPU"));
}

TEST_CASE("a token of root is not root", "[lab]") {
  LabClient client(make_world({}));
  CHECK(
      client.call("POST", "/access/ticket", {{"username", "root@pam"}, {"password", "x"}}).reason ==
      "Permission check failed (URI '/access/ticket' not available with API token, need proper "
      "ticket.");
  CHECK(
      check_permission(client.core.world(), "root@pam!pveplan", root_only(), {}).error().message ==
      "Permission check failed (user != root@pam)\n");
}

TEST_CASE("who may not change permissions hands out only what he holds", "[lab]") {
  World world = world_with_roles();
  world.access.custom_roles["Owner"] = {"VM.Allocate", "VM.Audit"};
  world.access.acl["/vms"].users["ann@pve"]["Owner"] = true;
  LabClient client(world, "ann@pve!all");
  CHECK(client.data("PUT", "/access/acl",
                    {{"path", "/vms/100"}, {"users", "auditor@pve"}, {"roles", "Reader"}}) ==
        "null");
  const Answer refused = client.call(
      "PUT", "/access/acl", {{"path", "/vms/100"}, {"users", "auditor@pve"}, {"roles", "Writer"}});
  CHECK(refused.status == 500);
  CHECK(refused.reason == "ACL update failed: 400 Parameter verification failed.");
  CHECK(refused.body.find("requires 'Permissions.Modify' or superset of privileges.") !=
        std::string::npos);
}
