#include "lab/world/mirror.hpp"
#include "tests/lab/lab_client.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan::lab;
using pveplan::lab::testing::Form;
using pveplan::lab::testing::LabClient;
using pveplan::schema::parse_json;
using pveplan::schema::Path;

namespace {

constexpr const char* kStorage = "/nodes/pve/storage/local";
constexpr const char* kUrl = "http://mirror.test/images/disk.qcow2";

World world_with_mirror() {
  WorldOptions options;
  options.nodes = 1;
  World world = make_world(options);
  world.storage.mirror.clear();
  world.storage.mirror[kUrl] = {200'000, 3LL << 30, "qcow2", {}};
  return world;
}

Form download_form(const std::string& file, const std::string& sum = {}) {
  Form form{{"content", "import"}, {"filename", file}, {"url", kUrl}};
  if (!sum.empty()) {
    form.emplace_back("checksum", sum);
    form.emplace_back("checksum-algorithm", "sha256");
  }
  return form;
}

/// Runs a call that starts a task to the task's end, and gives its exit status.
std::string outcome(LabClient& client, const std::string& method, const std::string& path,
                    const Form& form = {}) {
  const Answer answer = client.call(method, path, form);
  INFO(answer.reason << answer.body);
  REQUIRE(answer.status == 200);
  const std::string upid = parse_json(answer.body)->find("data")->as_string();
  while (const auto next = client.core.next_event()) client.core.advance(*next);
  return client.core.world().tasks.by_upid.at(upid).status;
}

std::string listing(LabClient& client) {
  return client.data("GET", std::string(kStorage) + "/content");
}

}  // namespace

TEST_CASE("a download with its right checksum becomes a volume of the image's size", "[lab]") {
  LabClient client(world_with_mirror());
  MirrorFile file = client.core.world().storage.mirror.at(kUrl);
  const std::string sum = mirror_checksum(file, "sha256");
  const std::string path = std::string(kStorage) + "/download-url";
  CHECK(outcome(client, "POST", path, download_form("a.qcow2", sum)) == "OK");
  const auto volume =
      parse_json(client.data("GET", std::string(kStorage) + "/content/local%3Aimport/a.qcow2"));
  REQUIRE(volume.has_value());
  CHECK(volume->find("size")->as_integer() == 3LL << 30);
  CHECK(volume->find("used")->as_integer() == 200'000);
  CHECK(outcome(client, "POST", path, download_form("a.qcow2", sum)) == "OK");
  CHECK(
      outcome(client, "POST", path, download_form("a.qcow2")).starts_with("refusing to override"));
}

TEST_CASE("a wrong checksum leaves nothing behind", "[lab]") {
  LabClient client(world_with_mirror());
  const std::string before = listing(client);
  const std::string path = std::string(kStorage) + "/download-url";
  CHECK(outcome(client, "POST", path, download_form("a.qcow2", std::string(64, '0')))
            .starts_with("checksum mismatch: got '"));
  CHECK(listing(client) == before);
}

TEST_CASE("a file that is no qcow2 is not kept under a qcow2's name", "[lab]") {
  World world = world_with_mirror();
  world.storage.mirror[kUrl].format = "raw";
  LabClient client(std::move(world));
  const std::string before = listing(client);
  CHECK(outcome(client, "POST", std::string(kStorage) + "/download-url", download_form("a.qcow2"))
            .ends_with("Image is not in qcow2 format"));
  CHECK(listing(client) == before);
}

TEST_CASE("what the mirror does not have is not found, and other servers do not answer", "[lab]") {
  LabClient client(world_with_mirror());
  const std::string path = std::string(kStorage) + "/download-url";
  Form form = download_form("a.qcow2");
  form[2].second = "http://mirror.test/none";
  CHECK(outcome(client, "POST", path, form) == "download failed: exit code 8");
  form[2].second = "http://other.test/none";
  CHECK(outcome(client, "POST", path, form).ends_with("failed: Connection refused."));
}

TEST_CASE("a removal takes the volume, with a delay in the call itself", "[lab]") {
  LabClient client(world_with_mirror());
  const std::string path = std::string(kStorage) + "/download-url";
  CHECK(outcome(client, "POST", path, download_form("a.qcow2")) == "OK");
  CHECK(outcome(client, "POST", path, download_form("b.qcow2")) == "OK");
  const std::string content = std::string(kStorage) + "/content/";
  CHECK(outcome(client, "DELETE", content + "import/a.qcow2") == "OK");
  CHECK(client.data("DELETE", content + "import/b.qcow2", {{"delay", "5"}}) == "null");
  CHECK(listing(client).find(".qcow2") == std::string::npos);
}

TEST_CASE("a mirror's bytes are the same in parts and as a whole", "[lab]") {
  const MirrorFile image{5000, 1LL << 30, "qcow2", {}};
  const std::string whole = mirror_bytes(image, 0, 10'000);
  CHECK(whole.size() == 5000);
  CHECK(whole.starts_with("QFI\xfb"));
  CHECK(qcow2_virtual_size(whole) == 1LL << 30);
  CHECK(mirror_bytes(image, 13, 100) == whole.substr(13, 100));
  CHECK(mirror_bytes(image, 0, 4) == whole.substr(0, 4));
  MirrorFile copy = image;
  CHECK(mirror_checksum(copy, "sha256") == checksum_of(whole, "sha256"));
  CHECK(copy.checksums.contains("sha256"));
  MirrorFile newer = image;
  newer.edition = 1;
  CHECK(mirror_checksum(newer, "sha256") != copy.checksums["sha256"]);
}

TEST_CASE("an upload is weighed, checked and kept; a form without a file kills the worker",
          "[lab]") {
  LabClient client(world_with_mirror());
  Request request;
  request.method = "POST";
  request.path = "/api2/json/nodes/pve/storage/local/upload";
  const auto& token = client.core.world().access.users.at("root@pam").tokens.at("pveplan");
  request.headers.emplace_back("Authorization", "PVEAPIToken=root@pam!pveplan=" + token.secret);
  request.headers.emplace_back("Content-Type", "multipart/form-data; boundary=XX");
  request.body =
      "--XX\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\niso\r\n"
      "--XX\r\nContent-Disposition: form-data; name=\"filename\"; filename=\"a b.iso\"\r\n\r\n"
      "12345\r\n--XX--\r\n";
  CHECK(client.core.handle(request).status == 200);
  while (const auto next = client.core.next_event()) client.core.advance(*next);
  CHECK(listing(client).find("\"size\":5,") != std::string::npos);
  CHECK(listing(client).find("local:iso/a_b.iso") != std::string::npos);
  request.path = "/api2/json/nodes/elsewhere/storage/local/upload";
  CHECK(client.core.handle(request).reason == "no such cluster node 'elsewhere'");
  request.path = "/api2/json/nodes/pve/storage/local/upload";
  request.headers.back().second = "application/x-www-form-urlencoded";
  request.body = "content=iso";
  CHECK(client.core.handle(request).disposition != Disposition::send);
}

TEST_CASE("storages come, change and go with the server's refusals", "[lab]") {
  LabClient client(world_with_mirror());
  CHECK(client.data("POST", "/storage",
                    {{"storage", "extra"}, {"type", "dir"}, {"path", "/x"}, {"mkdir", "1"}}) ==
        R"({"storage":"extra","type":"dir"})");
  CHECK(client.data("GET", "/storage/extra").find("\"mkdir\":1") != std::string::npos);
  CHECK(
      client.data("POST", "/storage",
                  {{"storage", "thin"}, {"type", "lvmthin"}, {"vgname", "v"}, {"thinpool", "t"}}) ==
      "create storage failed: no such logical volume v/t");
  CHECK(client.data("POST", "/storage",
                    {{"storage", "odd"}, {"type", "lvm"}, {"vgname", "v"}, {"server", "s.test"}}) ==
        "unexpected property 'server'");
  CHECK(client.data("PUT", "/storage/extra", {{"delete", "path"}}) ==
        "update storage failed: unable to delete fixed option 'path'");
  CHECK(client.data("PUT", "/storage/extra", {{"disable", "1"}}) ==
        R"({"storage":"extra","type":"dir"})");
  CHECK(client.data("GET", "/nodes/pve/storage/extra/content") == "storage 'extra' is disabled");
  CHECK(client.data("DELETE", "/storage/extra") == "null");
}
