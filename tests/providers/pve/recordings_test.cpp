#include "providers/pve/client/envelope.hpp"
#include "providers/pve/guest/config_request.hpp"
#include "providers/pve/guest/guest_decoder.hpp"
#include "providers/pve/resources/bridge/codec.hpp"
#include "providers/pve/resources/vm/schema.hpp"
#include "providers/pve/task/task_log.hpp"
#include "providers/pve/task/upid.hpp"
#include "schema/json.hpp"
#include "tests/lab/shared_folder.hpp"
#include "tests/support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <functional>

using namespace pveplan;
using schema::Value;

namespace {

/// Calls `check` for every exchange of every recording; returns how many there were.
int for_each_exchange(const std::function<void(const Value&)>& check) {
  int count = 0;
  const auto folder = lab::testing::shared_folder();
  if (!folder) return 0;
  for (const char* name : {"recordings", "recordings9"}) {
    for (const auto& file : std::filesystem::directory_iterator(*folder + "/pve/" + name)) {
      if (file.path().extension() != ".jsonl") continue;
      std::ifstream lines(file.path());
      for (std::string line; std::getline(lines, line); ++count) {
        const auto exchange = schema::parse_json(line);
        REQUIRE(exchange);
        check(*exchange);
      }
    }
  }
  return count;
}

std::string text(const Value& value, const char* name) {
  const auto* found = value.find(name);
  return found != nullptr && found->is_string() ? found->as_string() : std::string();
}

async::HttpReply reply_of(const Value& exchange) {
  async::HttpReply reply;
  reply.delivery = async::Delivery::answered;
  reply.status = static_cast<int>(exchange.find("status")->as_integer());
  reply.reason = text(exchange, "reason");
  if (const auto* headers = exchange.find("response_headers"); headers != nullptr) {
    if (const auto* type = headers->find("content-type"); type != nullptr && type->is_string())
      reply.headers.emplace_back("content-type", type->as_string());
  }
  if (const auto* body = exchange.find("body"); body != nullptr && !body->is_null())
    reply.body = body->is_string() ? body->as_string() : schema::to_json(*body);
  return reply;
}

void require_recordings(int count) {
  if (count == 0) WARN("skipped: the recordings are not there");
}

}  // namespace

TEST_CASE("every recorded answer has its meaning") {
  using core::ApiFailure;
  const auto count = for_each_exchange([](const Value& exchange) {
    const auto reply = reply_of(exchange);
    if (reply.status == 0 || text(exchange, "path").find("/api2/json") != 0) return;
    const auto method = text(exchange, "method");
    const auto result = pve::decode_envelope(reply, method + " x", method != "GET");
    INFO(text(exchange, "name") << ": " << reply.status << " " << reply.reason);
    if (result) return;
    const auto& error = result.error();
    CHECK_FALSE(error.message.empty());
    CHECK(error.status == reply.status);
    CHECK((reply.status == 401) == (error.failure == ApiFailure::unauthorized));
    CHECK((reply.status == 403) == (error.failure == ApiFailure::forbidden));
    const bool locked = reply.reason.find(" is locked (") != std::string::npos;
    CHECK(locked == (error.failure == ApiFailure::guest_locked));
    const bool digest = reply.reason.find("checksum mismatch (") != std::string::npos ||
                        reply.reason.find("detected modified") != std::string::npos;
    CHECK(digest == (error.failure == ApiFailure::digest_mismatch));
    if (reply.reason.find("already exists") != std::string::npos)
      CHECK(error.failure == ApiFailure::taken);
    if (reply.reason.starts_with("Configuration file")) CHECK(error.failure == ApiFailure::absent);
  });
  require_recordings(count);
}

TEST_CASE("every recorded task id is taken apart, and every end of a task understood") {
  int upids = 0;
  const auto count = for_each_exchange([&upids](const Value& exchange) {
    const auto* body = exchange.find("body");
    const auto* data = body == nullptr ? nullptr : body->find("data");
    if (data == nullptr) return;
    const auto id = data->is_string() ? data->as_string() : text(*data, "upid");
    if (!id.starts_with("UPID:")) return;
    ++upids;
    INFO(id);
    const auto upid = pve::parse_upid(id);
    REQUIRE(upid);
    CHECK(upid->text == id);
    const auto status = text(*data, "exitstatus");
    if (status.empty()) return;
    const auto state = pve::end_state(status);
    CHECK((status == "OK") == (state == core::TaskEnd::State::ok));
    CHECK(state != core::TaskEnd::State::running);
  });
  require_recordings(count);
  CHECK((count == 0 || upids > 500));
}

TEST_CASE("a recorded VM that is wanted exactly as it is needs no write") {
  static const auto schema = pve::vm_schema();
  int guests = 0;
  const auto count = for_each_exchange([&guests](const Value& exchange) {
    const auto path = text(exchange, "path");
    const auto* body = exchange.find("body");
    const auto* data = body == nullptr ? nullptr : body->find("data");
    if (!path.ends_with("/pending") || path.find("/qemu/") == std::string::npos) return;
    if (data == nullptr || data->kind() != Value::Kind::list) return;
    ++guests;
    INFO(text(exchange, "name"));
    pve::ConfigGoal goal;
    goal.schema = &schema.object;
    goal.live = pve::GuestConfig::from_pending(*data);
    goal.names = pve::PartNames::of(goal.live, nullptr);
    const pve::GuestDecoder decoder(schema.object, goal.live, nullptr);
    goal.after = decoder.attributes();
    goal.owned = goal.after;
    // a cloud-init drive may be missing where its keys are set; that is another matter
    goal.after = goal.after.with(schema::Path({"cloud_init"}), Value());
    const auto request = pve::config_request(goal);
    for (const auto& [key, value] : request.set) {
      INFO(key << "=" << value << ", was " << goal.live.text(key));
      CHECK(false);
    }
    CHECK(request.remove.empty());
  });
  require_recordings(count);
  CHECK((count == 0 || guests > 40));
}

TEST_CASE("a recorded bridge that is wanted exactly as it is matches itself") {
  int bridges = 0;
  const auto count = for_each_exchange([&bridges](const Value& exchange) {
    if (!text(exchange, "path").ends_with("/network") || text(exchange, "method") != "GET") return;
    const auto* body = exchange.find("body");
    const auto* data = body == nullptr ? nullptr : body->find("data");
    if (data == nullptr || data->kind() != Value::Kind::list) return;
    const auto network = pve::NodeNetwork::from_api(*data, *body);
    CHECK(network.has_changes() == (body->find("changes") != nullptr));
    CHECK(network.has_changes() == !network.changed().empty());
    for (const auto& entry : data->as_list()) {
      if (text(entry, "type") != "bridge") continue;
      ++bridges;
      const auto bridge = pve::bridge_from_api(entry);
      CHECK(pve::bridge_matches(bridge, bridge, {}));
      CHECK(bridge.find("iface") != nullptr);
    }
  });
  require_recordings(count);
  CHECK((count == 0 || bridges > 50));
}
