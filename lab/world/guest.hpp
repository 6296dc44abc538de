#pragma once

#include "lab/core/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// Virtual machines and containers.
namespace pveplan::lab {

enum class GuestKind { qemu, lxc };

inline std::map<GuestKind, std::string> enum_names(GuestKind) {
  return {{GuestKind::qemu, "qemu"}, {GuestKind::lxc, "lxc"}};
}

/// One section of a config file: option → stored text.
using GuestOptions = std::map<std::string, std::string>;

struct GuestSnapshot {
  GuestOptions options;
  std::int64_t taken = 0;
  std::string parent, description;

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("options", self.options);
    archive("taken", self.taken);
    archive("parent", self.parent);
    archive("description", self.description);
  }
};

/// What a running guest was started with and is doing.
struct GuestProcess {
  Time started;
  std::int64_t pid = 0;
  std::string state = "running";  ///< qmpstatus
  GuestOptions options;           ///< what the process was started with

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("started", self.started);
    archive("pid", self.pid);
    archive("state", self.state);
    archive("options", self.options);
  }
};

/// A lock on the guest's config file, as the real one takes with flock.
struct FileLock {
  std::string task;  ///< the UPID of who holds it; gone when that task has ended
  bool shared = false;
  Time until;  ///< when it will probably be released

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("task", self.task);
    archive("shared", self.shared);
    archive("until", self.until);
  }
};

/// What the cluster was last told about a guest that has changed since.
struct GuestNews {
  Time changed;        ///< the first change since then
  bool known = false;  ///< false: it was new
  GuestOptions options;
  std::optional<Time> started;  ///< absent: it did not run

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("changed", self.changed);
    archive("known", self.known);
    archive("options", self.options);
    archive("started", self.started);
  }
};

/// What runs inside virtual machines.
struct GuestSystems {
  bool installed = true;   ///< they shut down when asked, release devices, and run their agent
  std::string with_agent;  ///< without systems: how the names begin of those whose agent answers

  bool has_spice = true;  ///< whether QEMU can show a qxl display

  /// Whether somebody inside the machine of that name reacts.
  bool answer_in(const std::string& name) const {
    return installed || (!with_agent.empty() && name.starts_with(with_agent));
  }

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("installed", self.installed);
    archive("with_agent", self.with_agent);
    archive("has_spice", self.has_spice);
  }
};

struct Guest {
  GuestKind kind = GuestKind::qemu;
  std::string node;
  GuestOptions options;
  GuestOptions pending;
  std::map<std::string, bool> pending_deletes;  ///< option → with force
  std::map<std::string, GuestSnapshot> snapshots;
  std::string parent_snapshot;
  std::optional<GuestProcess> process;
  std::vector<FileLock> file_locks;
  std::optional<GuestNews> news;

  bool running() const { return process.has_value(); }

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("kind", self.kind);
    archive("node", self.node);
    archive("options", self.options);
    archive("pending", self.pending);
    archive("pending_deletes", self.pending_deletes);
    archive("snapshots", self.snapshots);
    archive("parent_snapshot", self.parent_snapshot);
    archive("process", self.process);
    archive("file_locks", self.file_locks);
    archive("news", self.news);
  }
};

}  // namespace pveplan::lab
