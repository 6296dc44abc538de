#include "lab/api/network_file.hpp"
#include "lab/core/diff.hpp"
#include "tests/lab/lab_client.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan::lab;
using pveplan::lab::testing::LabClient;

TEST_CASE("a diff has three lines of context around each change", "[lab]") {
  CHECK(unified_hunks("a\nb\nc\nd\ne\n", "a\nb\nc\nd\ne\n").empty());
  CHECK(unified_hunks("a\nb\nc\nd\ne\n", "a\nb\nc\nd\nx\ne\n") ==
        "@@ -2,4 +2,5 @@\n b\n c\n d\n+x\n e\n");
}

TEST_CASE("changes far from each other become hunks of their own", "[lab]") {
  std::string before;
  for (char c = 'a'; c <= 'p'; ++c) before += std::string(1, c) + "\n";
  const std::string after = "A" + before.substr(1, before.size() - 3) + "P\n";
  const std::string hunks = unified_hunks(before, after);
  CHECK(hunks.starts_with("@@ -1,4 +1,4 @@\n-a\n+A\n"));
  CHECK(hunks.find("@@ -13,4 +13,4 @@\n") != std::string::npos);
}

TEST_CASE("a bridge becomes active with the reload, and not before", "[lab]") {
  LabClient client(make_world({}));
  CHECK(client.data("POST", "/nodes/pve1/network",
                    {{"iface", "vmbr1"}, {"type", "bridge"}, {"autostart", "1"}}) == "null");
  const auto active = [&] {
    return client.data("GET", "/nodes/pve1/network/vmbr1").find("\"active\":1") !=
           std::string::npos;
  };
  CHECK_FALSE(active());
  CHECK(client.call("GET", "/nodes/pve1/network").body.find("+iface vmbr1 inet manual") !=
        std::string::npos);
  client.call("PUT", "/nodes/pve1/network");
  client.core.advance(client.core.now() + std::chrono::minutes{1});
  CHECK(active());
  CHECK(client.call("GET", "/nodes/pve1/network").body.find("changes") == std::string::npos);
}

TEST_CASE("a change without an address makes the method manual", "[lab]") {
  LabClient client(make_world({}));
  client.call("PUT", "/nodes/pve1/network/vmbr0", {{"type", "bridge"}, {"comments", "uplink"}});
  const std::string interface = client.data("GET", "/nodes/pve1/network/vmbr0");
  CHECK(interface.find(R"("method":"manual")") != std::string::npos);
  CHECK(interface.find(R"("bridge_ports":"eno1")") != std::string::npos);
  CHECK(interface.find("\"comments\":\"uplink\\n\"") != std::string::npos);
}

TEST_CASE("plugged-in hardware stays in the file", "[lab]") {
  LabClient client(make_world({}));
  client.call("PUT", "/nodes/pve1/network/vmbr0", {{"type", "bridge"}, {"bridge_ports", ""}});
  CHECK(client.call("DELETE", "/nodes/pve1/network/eno1").status == 200);
  CHECK(client.call("GET", "/nodes/pve1/network/eno1").status == 200);
}
