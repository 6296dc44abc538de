#pragma once

#include "lab/core/time.hpp"
#include "schema/value.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Tasks (what the real one forks a worker for) and things that will happen by themselves.
namespace pveplan::lab {

struct WorldTask {
  std::string node, type, id;
  std::string user;  ///< `u@r` or `u@r!token`
  std::int64_t pid = 0, process_start = 0, start = 0;
  std::optional<std::int64_t> end;  ///< Unix time; absent while it runs
  std::string status;               ///< exit status, once it has ended
  std::vector<std::string> log;

  bool running() const { return !end.has_value(); }

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("node", self.node);
    archive("type", self.type);
    archive("id", self.id);
    archive("user", self.user);
    archive("pid", self.pid);
    archive("pstart", self.process_start);
    archive("start", self.start);
    archive("end", self.end);
    archive("status", self.status);
    archive("log", self.log);
  }
};

/// Work that is due at a moment: the next phase of a task, or an effect without a task such as the
/// start after a reboot. Data, so that it survives a restart of the lab: `kind` names the function.
struct Event {
  Time at;
  std::uint64_t order = 0;  ///< of equal moments the earlier scheduled one goes first
  std::string kind;
  int phase = 0;
  std::string upid;  ///< empty when no task waits for it
  schema::Value arguments;

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("at", self.at);
    archive("order", self.order);
    archive("kind", self.kind);
    archive("phase", self.phase);
    archive("upid", self.upid);
    archive("arguments", self.arguments);
  }
};

struct Tasks {
  std::map<std::string, WorldTask> by_upid;
  std::vector<std::string> started;  ///< UPIDs, oldest first
  std::vector<Event> events;
  std::uint64_t next_order = 1;
  std::int64_t next_pid = 0x1000;

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("tasks", self.by_upid);
    archive("started", self.started);
    archive("events", self.events);
    archive("next_order", self.next_order);
    archive("next_pid", self.next_pid);
  }
};

}  // namespace pveplan::lab
