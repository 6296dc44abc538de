#include "state/lock_info.hpp"

#include "schema/json.hpp"
#include "state/members.hpp"

#include <fmt/format.h>

#include <chrono>
#include <ctime>

namespace pveplan::state {

using schema::Value;

LockInfo make_lock_info(const StorePlace& place, std::string operation) {
  LockInfo info;
  info.id = place.random.hex(16);
  info.operation = std::move(operation);
  info.who = place.who();
  info.version = place.program;
  info.created = place.now();
  info.path = place.snapshot();
  info.pid = place.environment.process_id();
  info.host = place.environment.host_name();
  info.run_url = run_url(place.environment);
  return info;
}

std::string run_url(const async::Environment& environment) {
  const auto server = environment.variable("GITHUB_SERVER_URL");  // also Gitea and Forgejo
  const auto repository = environment.variable("GITHUB_REPOSITORY");
  const auto run = environment.variable("GITHUB_RUN_ID");
  if (server && repository && run)
    return fmt::format("{}/{}/actions/runs/{}", *server, *repository, *run);
  for (const auto* name : {"CI_JOB_URL", "CI_PIPELINE_URL", "BUILD_URL", "BUILDKITE_BUILD_URL",
                           "CIRCLE_BUILD_URL", "TRAVIS_BUILD_WEB_URL"}) {
    if (const auto url = environment.variable(name); url && !url->empty()) return *url;
  }
  return {};
}

std::string write_lock_info(const LockInfo& info) {
  Value::Fields fields = {
      {"ID", Value::string(info.id)},           {"Operation", Value::string(info.operation)},
      {"Info", Value::string(info.info)},       {"Who", Value::string(info.who)},
      {"Version", Value::string(info.version)}, {"Created", Value::string(info.created)},
      {"Path", Value::string(info.path)},       {"Pid", Value::integer(info.pid)},
      {"Host", Value::string(info.host)}};
  if (!info.run_url.empty()) fields.emplace_back("RunURL", Value::string(info.run_url));
  if (!info.previous.empty())
    fields.emplace_back("Previous", Value::list(text_list(info.previous)));
  return schema::to_json(Value::map(std::move(fields))) + "\n";
}

LockInfo read_lock_info(std::string_view json) {
  LockInfo info;
  const auto value = schema::parse_json(json);
  if (!value || !value->has_fields()) return info;
  Members members(*value);
  info.id = members.text("ID");
  info.operation = members.text("Operation");
  info.info = members.text("Info");
  info.who = members.text("Who");
  info.version = members.text("Version");
  info.created = members.text("Created");
  info.path = members.text("Path");
  info.pid = static_cast<std::int64_t>(members.number("Pid"));
  info.host = members.text("Host");
  info.run_url = members.text("RunURL");
  info.previous = members.texts("Previous");
  return info;
}

namespace {

/// " (5 min ago)" since an RFC 3339 time in UTC; empty for anything else.
std::string age(const std::string& created, const StorePlace& place) {
  std::tm time{};
  const char* rest = ::strptime(created.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  if (rest == nullptr) return {};
  const auto then = std::chrono::system_clock::from_time_t(::timegm(&time));
  const auto passed = std::chrono::duration_cast<std::chrono::minutes>(place.clock.wall() - then);
  if (passed.count() < 0) return {};
  if (passed < std::chrono::hours(2)) return fmt::format(" ({} min ago)", passed.count());
  return fmt::format(" ({} h ago)", passed.count() / 60);
}

}  // namespace

std::string describe_holder(const LockInfo& holder, const StorePlace& place) {
  if (holder.id.empty()) return {};
  std::string text = fmt::format("{} runs `{}` since {}{}", holder.who, holder.operation,
                                 holder.created, age(holder.created, place));
  if (holder.pid != 0) text += fmt::format(" as process {} on {}", holder.pid, holder.host);
  if (!holder.run_url.empty()) text += fmt::format(", {}", holder.run_url);
  return text + fmt::format(" (lock {})", holder.id);
}

schema::Diagnostic is_locked(const StorePlace& place, const LockInfo& holder) {
  std::string detail = fmt::format("Another process works with the state in '{}'", place.directory);
  if (!holder.id.empty()) detail += ": " + describe_holder(holder, place);
  detail +=
      ". Wait until it has finished. The lock goes away by itself when that process ends, "
      "however it ends.";
  return schema::error("State is locked", std::move(detail));
}

schema::Diagnostic is_locked_there(const StorePlace& place, const std::string& address,
                                   const LockInfo& holder) {
  if (holder.id.empty()) {
    return schema::error(
        "State is locked",
        fmt::format("Somebody works with the state at {}, and the server does not say who: it "
                    "answers {}. Wait until it is free, or look there.",
                    address, holder.info));
  }
  return schema::error(
      "State is locked",
      fmt::format("Somebody works with the state at {}: {}. Wait until it has finished, with "
                  "--lock-timeout if you like. If you know that it was stopped, `pveplan state "
                  "unlock {}` takes the lock away.",
                  address, describe_holder(holder, place), holder.id));
}

}  // namespace pveplan::state
