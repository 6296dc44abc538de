#pragma once

#include "lab/core/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

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

struct Guest {
  GuestKind kind = GuestKind::qemu;
  std::string node;
  GuestOptions options;
  GuestOptions pending;
  std::map<std::string, bool> pending_deletes;  ///< option → with force
  std::map<std::string, GuestSnapshot> snapshots;
  std::string parent_snapshot;
  std::optional<GuestProcess> process;

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
  }
};

}  // namespace pveplan::lab
