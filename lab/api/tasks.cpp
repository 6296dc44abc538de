#include "lab/core/tasks.hpp"

#include "lab/api/areas.hpp"
#include "lab/core/call.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

constexpr std::size_t kBroadcastPerNode = 25;

/// A task's user without its token, which the API shows in a field of its own.
std::string plain_user(const WorldTask& task) { return task.user.substr(0, task.user.find('!')); }

void add_user(const WorldTask& task, Value::Fields& fields) {
  fields.emplace_back("user", str(plain_user(task)));
  const auto mark = task.user.find('!');
  if (mark != std::string::npos) fields.emplace_back("tokenid", str(task.user.substr(mark + 1)));
}

/// A token sees its own tasks, a user also those of all his tokens.
bool is_own(const WorldTask& task, const Caller& caller) {
  return caller.who == task.user || caller.who == plain_user(task);
}

Value::Fields task_fields(const std::string& upid, const WorldTask& task) {
  Value::Fields fields{{"upid", str(upid)},
                       {"node", str(task.node)},
                       {"pid", num(task.pid)},
                       {"pstart", num(task.process_start)},
                       {"starttime", num(task.start)},
                       {"type", str(task.type)},
                       {"id", str(task.id)}};
  add_user(task, fields);
  return fields;
}

std::string status_class(const WorldTask& task) {
  if (task.status == "OK") return "ok";
  if (task.status.starts_with("WARNINGS: ")) return "warning";
  return task.status == "unexpected status" ? "unknown" : "error";
}

bool passes_filters(const Parameters& given, const WorldTask& task) {
  const std::string source = given.maybe("source").value_or("archive");
  if (source == "archive" && task.running()) return false;
  if (source == "active" && !task.running()) return false;
  if (given.has("typefilter") && task.type != given.text("typefilter")) return false;
  if (given.has("vmid") && task.id != given.text("vmid")) return false;
  if (given.has("userfilter") && task.user.find(given.text("userfilter")) == std::string::npos)
    return false;
  if (given.has("since") && task.start < given.integer("since")) return false;
  if (given.has("until") && task.start > given.integer("until")) return false;
  if (given.flag("errors") && (task.running() || status_class(task) != "error")) return false;
  if (!given.has("statusfilter")) return true;
  const auto wanted = given.list("statusfilter");
  return std::find(wanted.begin(), wanted.end(), status_class(task)) != wanted.end();
}

Value list_entry(const std::string& upid, const WorldTask& task) {
  Value::Fields fields = task_fields(upid, task);
  fields.emplace_back("status", str(task.running() ? "RUNNING" : task.status));
  if (task.end) fields.emplace_back("endtime", num(*task.end));
  return Value::map(std::move(fields));
}

Reply list_node_tasks(Call& call) {
  const bool auditor = call.may("/nodes/" + call.node, "Sys.Audit");
  const auto start = static_cast<std::size_t>(call.parameters.integer("start", 0));
  const auto limit = static_cast<std::size_t>(call.parameters.integer("limit", 50));
  Value::List list;
  std::size_t count = 0;
  const auto& tasks = call.world.tasks;
  for (auto upid = tasks.started.rbegin(); upid != tasks.started.rend(); ++upid) {
    const WorldTask& task = tasks.by_upid.at(*upid);
    if (task.node != call.node || !passes_filters(call.parameters, task)) continue;
    if (!auditor && !is_own(task, call.caller)) continue;
    if (count >= start && (limit == 0 || list.size() < limit))
      list.push_back(list_entry(*upid, task));
    ++count;
  }
  Payload payload(Value::list(std::move(list)));
  // An empty list of what runs has no total, nor has one that the caller may not see into.
  const bool countable = auditor && call.parameters.text("source") != "active";
  if (count > 0 || countable)
    payload.beside.emplace_back("total", num(static_cast<std::int64_t>(count)));
  return payload;
}

/// Without Sys.Audit the real one compares with the bare user name, so that a token sees nothing.
Reply list_cluster_tasks(Call& call) {
  const bool auditor = call.may("/", "Sys.Audit");
  Value::List list;
  std::map<std::string, std::size_t> per_node;
  const auto& tasks = call.world.tasks;
  for (auto upid = tasks.started.rbegin(); upid != tasks.started.rend(); ++upid) {
    const WorldTask& task = tasks.by_upid.at(*upid);
    if (++per_node[task.node] > kBroadcastPerNode) continue;
    if (!auditor && call.caller.who != plain_user(task)) continue;
    Value::Fields fields{{"upid", str(*upid)},
                         {"node", str(task.node)},
                         {"starttime", num(task.start)},
                         {"type", str(task.type)},
                         {"id", str(task.id)}};
    add_user(task, fields);
    if (task.end) {
      fields.emplace_back("endtime", num(*task.end));
      fields.emplace_back("status", str(task.status));
      fields.emplace_back("saved", str("1"));
    }
    list.push_back(Value::map(std::move(fields)));
  }
  return Value::list(std::move(list));
}

Attempt<WorldTask*> find_task(Call& call) {
  const std::string upid = call.parameters.text("upid");
  if (!parse_upid(upid)) return bad_parameter("upid", "unable to parse worker upid");
  const auto found = call.world.tasks.by_upid.find(upid);
  if (found == call.world.tasks.by_upid.end() || found->second.node != call.node) {
    return bad_parameter("upid", "no such task");
  }
  return &found->second;
}

/// One's own task, or the right to look at those of others.
Attempt<WorldTask*> task_for(Call& call, const std::string& privilege) {
  auto task = find_task(call);
  if (!task || is_own(**task, call.caller) || call.is_root()) return task;
  const auto allowed =
      require_privilege(call.world, call.caller.who, "/nodes/" + call.node, privilege);
  if (!allowed) return std::unexpected(allowed.error());
  return task;
}

Reply task_status(Call& call) {
  const auto task = task_for(call, "Sys.Audit");
  if (!task) return std::unexpected(task.error());
  Value::Fields fields = task_fields(call.parameters.text("upid"), **task);
  fields.emplace_back("status", str((*task)->running() ? "running" : "stopped"));
  if (!(*task)->running()) fields.emplace_back("exitstatus", str((*task)->status));
  return Value::map(std::move(fields));
}

Value log_line(std::size_t number, const std::string& line) {
  return Value::map({{"n", num(static_cast<std::int64_t>(number))}, {"t", str(line)}});
}

Reply task_log(Call& call) {
  const auto task = task_for(call, "Sys.Audit");
  if (!task) return std::unexpected(task.error());
  const auto start = static_cast<std::size_t>(call.parameters.integer("start", 0));
  const auto limit = static_cast<std::size_t>(call.parameters.integer("limit", 50));
  const auto& log = (*task)->log;
  Value::List list;
  for (std::size_t i = start; i < log.size() && (limit == 0 || list.size() < limit); ++i) {
    list.push_back(log_line(i + 1, log[i]));
  }
  const std::size_t total = std::max<std::size_t>(log.size(), 1);
  if (log.empty()) list.push_back(log_line(1, "no content"));
  Payload payload(Value::list(std::move(list)));
  payload.beside.emplace_back("total", num(static_cast<std::int64_t>(total)));
  return payload;
}

Reply stop_task(Call& call) {
  const auto task = task_for(call, "Sys.Modify");
  if (!task) return std::unexpected(task.error());
  if ((*task)->running())
    abort_task(call.world, call.parameters.text("upid"), "received interrupt");
  return Payload{};
}

}  // namespace

void add_task_calls(ApiTable& api) {
  api.get("/cluster/tasks", list_cluster_tasks).allowed(everyone());
  api.get("/nodes/{node}/tasks", list_node_tasks)
      .allowed(everyone())
      .on_node()
      .takes({flag("errors").optional(), integer("limit").at_least(0).optional(),
              integer("since").optional(),
              text("source").one_of({"archive", "active", "all"}).optional(),
              integer("start").at_least(0).optional(),
              text("statusfilter").of_format("pve-task-status-type-list").optional(),
              text("typefilter").optional(), integer("until").optional(),
              text("userfilter").optional(), guest_id().optional()});
  api.remove("/nodes/{node}/tasks/{upid}", stop_task)
      .allowed(everyone())
      .privileged()
      .on_node()
      .takes({text("upid")});
  api.get("/nodes/{node}/tasks/{upid}/status", task_status)
      .allowed(everyone())
      .privileged()
      .on_node()
      .takes({text("upid")});
  api.get("/nodes/{node}/tasks/{upid}/log", task_log)
      .allowed(everyone())
      .privileged()
      .on_node()
      .takes({flag("download").optional(), integer("limit").at_least(0).optional(),
              integer("start").at_least(0).optional(), text("upid")});
}

}  // namespace pveplan::lab
