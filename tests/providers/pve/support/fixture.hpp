#pragma once

#include "providers/pve/client/client.hpp"
#include "providers/pve/client/encoding.hpp"
#include "tests/providers/pve/support/backend.hpp"
#include "tests/providers/pve/support/script.hpp"
#include "tests/providers/pve/support/virtual_time.hpp"

#include <fmt/format.h>

#include <string>

namespace pveplan::pve::test {

/// A client, a context and a scripted server on one loop with virtual time.
struct Fixture {
  Fixture() : client(server, time.clock, options()), backend(client) {
    backend.facts.version = 804;
    backend.facts.user = "root@pam!pveplan";
  }
  static ClientOptions options() {
    ClientOptions result;
    result.endpoints = {"https://pve:8006"};
    result.token = "root@pam!pveplan=c";
    result.repeat_after.clear();
    return result;
  }
  core::Context context() { return core::Context(backend); }
  static std::string encoded(const std::string& upid) { return percent_encode(upid); }
  /// The next poll finds the task ended.
  void task_ends(const std::string& upid, const std::string& status,
                 const std::string& node = "pve") {
    server.expect("GET", "/nodes/" + node + "/tasks?source=all&limit=50")
        .answer(
            fmt::format(R"({{"data":[{{"upid":"{}","status":"{}","endtime":1}}]}})", upid, status));
  }

  VirtualTime time;
  ScriptedServer server;
  Client client;
  PlainBackend backend;
};

}  // namespace pveplan::pve::test
