#include "providers/async/all_settled.hpp"
#include "providers/async/sleep.hpp"
#include "providers/pve/client/client.hpp"
#include "providers/pve/task/task_log.hpp"
#include "providers/pve/task/task_watcher.hpp"
#include "providers/pve/task/upid.hpp"
#include "tests/providers/pve/support/script.hpp"
#include "tests/providers/pve/support/virtual_time.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using namespace pveplan::pve::test;
using State = core::TaskEnd::State;

namespace {

constexpr auto kCreate = "UPID:pve:00002A11:00066C6D:6B01186F:qmcreate:101:root@pam!pveplan:";
constexpr auto kClone = "UPID:pve:00003246:00068108:6B0118A4:qmclone:120:root@pam!pveplan:";
constexpr auto kListing = "/nodes/pve/tasks?source=all&limit=50";

std::string encoded(std::string_view upid) { return pve::task_path(*pve::parse_upid(upid)); }

std::string listed(std::string_view upid, std::string_view status, bool ended) {
  return fmt::format(R"({{"upid":"{}","status":"{}"{}}})", upid, status,
                     ended ? R"(,"endtime":1795234159)" : "");
}

struct Fixture {
  Fixture() : client(server, time.clock, options()), watcher(client) {}
  static pve::ClientOptions options() {
    pve::ClientOptions result;
    result.endpoints = {"https://pve:8006"};
    result.token = "a@pam!b=c";
    result.repeat_after.clear();
    return result;
  }
  VirtualTime time;
  ScriptedServer server;
  pve::Client client;
  pve::TaskWatcher watcher;
};

}  // namespace

TEST_CASE("a recorded UPID is taken apart") {
  const auto upid = pve::parse_upid(
      "UPID:pve:00002FAB:00067C3F:6B011897:qmmove:101-scsi1%3E110-scsi5:root@pam!pveplan:");
  REQUIRE(upid);
  CHECK(upid->node == "pve");
  CHECK(upid->start_time == 0x6B011897);
  CHECK(upid->type == "qmmove");
  CHECK(upid->id == "101-scsi1>110-scsi5");
  CHECK(upid->user == "root@pam!pveplan");
  CHECK(pve::parse_upid("UPID:pve:0000248A:0006392B:6B0117EC:reloadnetworkall::root@pam:")->id ==
        "");
  CHECK_FALSE(pve::parse_upid("UPID:pve:xyz:00067C3F:6B011897:qmmove:1:root@pam:"));
  CHECK_FALSE(pve::parse_upid("UPID:pve"));
  CHECK_FALSE(pve::parse_upid(std::string(kCreate) + "x"));
}

TEST_CASE("exit statuses and progress are read from what tasks say") {
  CHECK(pve::end_state("OK") == State::ok);
  CHECK(pve::end_state("WARNINGS: 2") == State::warnings);
  CHECK(pve::end_state("shrinking disks is not supported") == State::failed);
  CHECK(pve::end_state("unexpected status") == State::unknown);
  CHECK(pve::log_percent({"transferred 12.0 MiB of 1.0 GiB (1.17%)",
                          "transferred 24.0 MiB of 1.0 GiB (34.9%)", "no number here"}) == 34);
  CHECK_FALSE(pve::log_percent({"create full clone of drive scsi0"}));
}

TEST_CASE("an excerpt of a log has the last lines that say something") {
  CHECK(pve::log_excerpt({"one", "two", "three", "four", "five", "", "  six\r", "seven"}) ==
        std::vector<std::string>{"two", "three", "four", "five", "six", "seven"});
  const std::vector<std::string> telling = {
      "HTTP request sent, awaiting response... 200 OK", "400K of memory were not there",
      "Saving to: '/var/lib/vz/import/dl.qcow2.tmp_dwnl.14422'", "calculating checksum..."};
  auto noisy = telling;
  noisy.insert(noisy.begin() + 3, {"", "     0K ........ .......... ..........  34%  442M=0.02s",
                                   "     0K                                    100%  693M=0s",
                                   "301056K .......... .......... ,,,,,,,,,, 99% 12.3M 1s",
                                   "drive-scsi1: transferred 424.0 MiB of 1.0 GiB (41.41%) in 1s",
                                   "transferred 28.0 MiB of 112.0 MiB (25.00%)"});
  CHECK(pve::log_excerpt(noisy) == telling);
}

TEST_CASE_METHOD(Fixture, "one poll of a node serves everybody who waits there") {
  server.expect("GET", kListing)
      .answer(fmt::format(R"({{"data":[{},{}]}})", listed(kClone, "RUNNING", false),
                          listed(kCreate, "OK", true)));
  server.expect("GET", kListing)
      .answer(fmt::format(R"({{"data":[{}]}})", listed(kClone, "WARNINGS: 1", true)));
  server.expect("GET", encoded(kClone) + "/log?limit=500")
      .answer(R"({"data":[{"n":2,"t":"TASK WARNINGS: 1"},{"n":1,"t":"WARN: careful"}],"total":2})");
  std::vector<async::Task<core::TaskEnd>> waits;
  waits.push_back(watcher.wait(kCreate, nullptr));
  waits.push_back(watcher.wait(kClone, nullptr));
  const auto ends = time.run(async::all_settled(std::move(waits)));
  CHECK(ends[0].state == State::ok);
  CHECK(ends[1].state == State::warnings);
  CHECK(ends[1].last_lines == std::vector<std::string>{"WARN: careful"});
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(Fixture, "the poll slows down from half a second to two") {
  for (int i = 0; i < 5; ++i)
    server.expect("GET", kListing)
        .answer(fmt::format(R"({{"data":[{}]}})", listed(kClone, "RUNNING", false)));
  server.expect("GET", kListing)
      .answer(fmt::format(R"({{"data":[{}]}})", listed(kClone, "OK", true)));
  const auto before = time.now();
  CHECK(time.run(watcher.wait(kClone, nullptr)).state == State::ok);
  // 0.5 + 0.75 + 1.125 + 1.687 + 2 + 2 seconds
  CHECK(time.now() - before == std::chrono::milliseconds(500 + 750 + 1125 + 1687 + 2000 + 2000));
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(Fixture, "a task that the listing does not show is asked for by itself") {
  server.expect("GET", kListing).answer(R"({"data":[]})");
  server.expect("GET", encoded(kCreate) + "/status")
      .answer(R"({"data":{"status":"stopped","exitstatus":"shrinking disks is not supported"}})");
  server.expect("GET", encoded(kCreate) + "/log?limit=500")
      .answer(R"({"data":[{"n":1,"t":"first"},{"n":2,"t":"TASK ERROR: x"}],"total":2})");
  const auto end = time.run(watcher.wait(kCreate, nullptr));
  CHECK(end.state == State::failed);
  CHECK(end.exit_status == "shrinking disks is not supported");
  CHECK(end.last_lines == std::vector<std::string>{"first"});
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(Fixture, "a task that nobody knows any more is unknown, not failed") {
  server.expect("GET", kListing).answer(R"({"data":[]})");
  server.expect("GET", encoded(kCreate) + "/status")
      .fail(
          400, "Parameter verification failed.",
          R"({"data":null,"errors":{"upid":"no such task"},"message":"Parameter verification failed.\n"})");
  CHECK(time.run(watcher.wait(kCreate, nullptr)).state == State::unknown);
  CHECK(time.run(watcher.wait("no upid", nullptr)).state == State::unknown);
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(Fixture, "looking at a running task does not wait") {
  server.expect("GET", encoded(kCreate) + "/status").answer(R"({"data":{"status":"running"}})");
  const auto before = time.now();
  CHECK(time.run(watcher.look(kCreate)).state == State::running);
  CHECK(server.faults() == "");
  CHECK(time.now() == before);
}

TEST_CASE_METHOD(Fixture, "who waits on behalf of others and is dropped hands the poll over") {
  server.expect("GET", kListing)
      .answer(fmt::format(R"({{"data":[{}]}})", listed(kClone, "RUNNING", false)));
  server.expect("GET", kListing)
      .answer(fmt::format(R"({{"data":[{}]}})", listed(kClone, "OK", true)));
  std::vector<async::Task<std::optional<core::TaskEnd>>> waits;
  waits.push_back(
      async::with_timeout(watcher.wait(kClone, nullptr), std::chrono::milliseconds(700)));
  waits.push_back(async::with_timeout(watcher.wait(kClone, nullptr), std::chrono::seconds(60)));
  const auto ends = time.run(async::all_settled(std::move(waits)));
  CHECK_FALSE(ends[0]);
  REQUIRE(ends[1]);
  CHECK(ends[1]->state == State::ok);
  REQUIRE(server.faults() == "");
}

namespace {

/// An API of which nothing is heard.
class SilentApi final : public core::Api {
 public:
  async::Task<core::ApiResult> get(std::string, core::Parameters) override {
    ++polls;
    co_return std::unexpected(error);
  }
  async::Task<core::ApiResult> send(core::ApiRequest) override { co_return std::unexpected(error); }
  std::string server_time() const override { return {}; }
  std::uint64_t reads() const override { return 0; }
  std::uint64_t writes() const override { return 0; }
  core::ApiError error;
  int polls = 0;
};

class Listener final : public core::ProgressSink {
 public:
  void percent(int) override {}
  void silent(const std::string& text) override { texts.push_back(text); }
  std::vector<std::string> texts;
};

}  // namespace

TEST_CASE("a silent server is told while it is waited for, and given up once") {
  VirtualTime time;
  SilentApi api;
  api.error.failure = core::ApiFailure::not_sent;
  api.error.message = "https://pve:8006: connection refused";
  pve::TaskWatcher watcher(api);
  Listener listener;
  const auto before = time.now();
  const auto end = time.run(watcher.wait(kClone, &listener));
  CHECK(end.state == State::unknown);
  CHECK(end.silence ==
        "The server did not answer for 5 minutes (https://pve:8006: connection refused)");
  CHECK(time.now() - before <= std::chrono::seconds(305));
  REQUIRE(listener.texts.size() > 10);
  CHECK(listener.texts[9].ends_with(" s (https://pve:8006: connection refused)"));

  const int polls = api.polls;
  const auto given_up = time.now();
  CHECK(time.run(watcher.wait(kClone, nullptr)).state == State::unknown);
  CHECK(time.run(watcher.wait(kCreate, nullptr)).state == State::unknown);
  CHECK(api.polls == polls + 2);
  CHECK(time.now() - given_up <= std::chrono::seconds(2));
}

TEST_CASE("a node that is gone is called by its name") {
  VirtualTime time;
  SilentApi api;
  api.error.failure = core::ApiFailure::node_unreachable;
  api.error.message = "No route to host";
  pve::TaskWatcher watcher(api);
  CHECK(time.run(watcher.wait(kClone, nullptr)).silence ==
        "Node pve did not answer for 5 minutes (No route to host)");
}
