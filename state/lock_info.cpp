#include "state/lock_info.hpp"

#include "schema/json.hpp"
#include "state/members.hpp"

#include <fmt/format.h>

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
  return info;
}

std::string write_lock_info(const LockInfo& info) {
  return schema::to_json(Value::map({{"ID", Value::string(info.id)},
                                     {"Operation", Value::string(info.operation)},
                                     {"Info", Value::string(info.info)},
                                     {"Who", Value::string(info.who)},
                                     {"Version", Value::string(info.version)},
                                     {"Created", Value::string(info.created)},
                                     {"Path", Value::string(info.path)},
                                     {"Pid", Value::integer(info.pid)},
                                     {"Host", Value::string(info.host)}})) +
         "\n";
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
  return info;
}

schema::Diagnostic is_locked(const StorePlace& place, const LockInfo& holder) {
  std::string detail = fmt::format("Another process works with the state in '{}'", place.directory);
  if (!holder.id.empty()) {
    detail += fmt::format(": {} runs `{}` since {} as process {} on {} (lock {})", holder.who,
                          holder.operation, holder.created, holder.pid, holder.host, holder.id);
  }
  detail +=
      ". Wait until it has finished. The lock goes away by itself when that process ends, "
      "however it ends.";
  return schema::error("State is locked", std::move(detail));
}

}  // namespace pveplan::state
