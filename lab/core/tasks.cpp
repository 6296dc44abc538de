#include "lab/core/tasks.hpp"

#include "lab/core/faults.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::lab {
namespace {

/// Kernel ticks since the node's start: the process start time of a UPID.
std::int64_t ticks_since_boot(const World& world, const std::string& node) {
  const auto found = world.nodes.find(node);
  if (found == world.nodes.end()) return 0;
  return std::chrono::duration_cast<std::chrono::milliseconds>(world.now - found->second.booted)
             .count() /
         10;
}

std::string make_upid(const WorldTask& task) {
  return fmt::format("UPID:{}:{:08X}:{:08X}:{:08X}:{}:{}:{}:", task.node, task.pid,
                     task.process_start, task.start, task.type, task.id, task.user);
}

bool earlier(const Event& a, const Event& b) {
  return std::tie(a.at, a.order) < std::tie(b.at, b.order);
}

void add_event(World& world, Event event, Duration after) {
  event.at = world.now + after;
  event.order = world.tasks.next_order++;
  world.tasks.events.push_back(std::move(event));
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

void conclude(World& world, const Event& event, const PhaseResult& result) {
  if (!result) {
    if (!event.upid.empty()) finish_task(world, event.upid, one_line(result.error()));
    return;
  }
  if (result->after) {
    Event next = event;
    if (!result->again) ++next.phase;
    if (result->arguments) next.arguments = *result->arguments;
    add_event(world, std::move(next), *result->after);
    return;
  }
  if (event.upid.empty()) return;
  finish_task(world, event.upid,
              result->warnings > 0 ? fmt::format("WARNINGS: {}", result->warnings) : "OK");
}

void clean_up(World& world, const Event& event) {
  if (const CleanupFunction function = find_cleanup(event.kind)) function(world, event);
}

void run_event(World& world, const Event& event) {
  WorldTask* task = nullptr;
  if (const auto found = world.tasks.by_upid.find(event.upid); found != world.tasks.by_upid.end()) {
    task = &found->second;
    if (!task->running()) return;  // stopped by someone meanwhile
  }
  if (task != nullptr) {
    if (auto text = drawn_task_failure(world, task->type)) {
      clean_up(world, event);
      return conclude(world, event, std::unexpected(std::move(*text)));
    }
  }
  const WorkFunction function = find_work(event.kind);
  Work work{world, event, task};
  conclude(world, event, function == nullptr ? PhaseResult{done()} : function(work));
}

}  // namespace

std::string start_task(Call& call, const std::string& type, const std::string& id,
                       const std::string& kind, schema::Value arguments, Duration first) {
  return start_task(call.world, {call.node, call.caller.who}, type, id, kind, std::move(arguments),
                    first);
}

std::string start_task(World& world, const TaskOwner& owner, const std::string& type,
                       const std::string& id, const std::string& kind, schema::Value arguments,
                       Duration first) {
  WorldTask task;
  task.node = owner.node;
  task.type = type;
  task.id = id;
  task.user = owner.user;
  task.pid = world.tasks.next_pid++;
  task.process_start = ticks_since_boot(world, owner.node);
  task.start = unix_seconds(world.now);
  const std::string upid = make_upid(task);
  world.tasks.by_upid[upid] = std::move(task);
  world.tasks.started.push_back(upid);
  Event event;
  event.kind = kind;
  event.upid = upid;
  event.arguments = std::move(arguments);
  add_event(world, std::move(event), first);
  return upid;
}

void schedule(World& world, const std::string& kind, schema::Value arguments, Duration after) {
  Event event;
  event.kind = kind;
  event.arguments = std::move(arguments);
  add_event(world, std::move(event), after);
}

void run_events(World& world, Time until) {
  auto& events = world.tasks.events;
  while (true) {
    const auto first = std::min_element(events.begin(), events.end(), earlier);
    if (first == events.end() || first->at > until) break;
    const Event event = *first;
    events.erase(first);
    world.now = std::max(world.now, event.at);
    run_event(world, event);
  }
  world.now = std::max(world.now, until);
}

std::optional<Time> next_event_time(const World& world) {
  const auto& events = world.tasks.events;
  const auto first = std::min_element(events.begin(), events.end(), earlier);
  if (first == events.end()) return std::nullopt;
  return first->at;
}

void abort_task(World& world, const std::string& upid, const std::string& status) {
  auto& events = world.tasks.events;
  const auto next =
      std::ranges::find_if(events, [&](const Event& event) { return event.upid == upid; });
  if (next != events.end()) {
    const Event event = *next;
    events.erase(next);
    clean_up(world, event);
  }
  finish_task(world, upid, status);
}

void finish_task(World& world, const std::string& upid, const std::string& status) {
  WorldTask& task = world.tasks.by_upid.at(upid);
  task.end = unix_seconds(world.now);
  task.status = status;
  const bool good = status == "OK" || status.starts_with("WARNINGS: ");
  task.log.push_back(good ? "TASK " + status : "TASK ERROR: " + status);
}

std::optional<Upid> parse_upid(const std::string& text) {
  const auto parts = split(text, ':');
  if (parts.size() != 9 || parts[0] != "UPID" || !parts[8].empty()) return std::nullopt;
  for (const std::string& number : {parts[2], parts[3], parts[4]}) {
    if (!matches(number, "[0-9A-Fa-f]{8,9}")) return std::nullopt;
  }
  Upid upid{parts[1], parts[5], parts[6], parts[7]};
  upid.pid = std::stoll(parts[2], nullptr, 16);
  upid.process_start = std::stoll(parts[3], nullptr, 16);
  upid.start = std::stoll(parts[4], nullptr, 16);
  return upid;
}

}  // namespace pveplan::lab
