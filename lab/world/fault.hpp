#pragma once

#include "lab/core/time.hpp"

#include <map>
#include <string>

namespace pveplan::lab {

/// What goes wrong.
enum class FaultKind {
  refuse,               ///< no connection can be made
  close_before_effect,  ///< the request is lost
  close_after_effect,   ///< the answer is lost
  cut_answer,           ///< half of the answer is lost
  late_effect,  ///< accepted, but takes effect `delay` later; the answer is lost, or `status`
  delay,        ///< answered `delay` later
  status,       ///< a bare HTTP error such as 596 without effect
  status_after_effect,  ///< the same, but the call has had its effect
  failure,              ///< a 500 of the API with `text`, such as a lock timeout
  task_failure,         ///< the next phase of a task of type `text` ends it with `reason`
  node_down,            ///< the node `text` is gone for `delay`
};

inline std::map<FaultKind, std::string> enum_names(FaultKind) {
  return {{FaultKind::refuse, "refuse"},
          {FaultKind::close_before_effect, "close-before-effect"},
          {FaultKind::close_after_effect, "close-after-effect"},
          {FaultKind::cut_answer, "cut-answer"},
          {FaultKind::late_effect, "late-effect"},
          {FaultKind::delay, "delay"},
          {FaultKind::status, "status"},
          {FaultKind::status_after_effect, "status-after-effect"},
          {FaultKind::failure, "failure"},
          {FaultKind::task_failure, "task-failure"},
          {FaultKind::node_down, "node-down"}};
}

/// One line of a fault script: plain data, so that tests can draw it and save it. It looks at the
/// requests that match, lets `skip` of them pass, and then strikes `times` times.
struct Fault {
  FaultKind kind = FaultKind::failure;
  std::string method;  ///< empty: any; "write": anything but GET
  std::string path;    ///< a regular expression for the whole path behind /api2/json; empty: any
  int skip = 0;
  int times = 1;
  int status = 596;
  std::string text;
  std::string reason;
  Duration delay{};

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("kind", self.kind);
    archive("method", self.method);
    archive("path", self.path);
    archive("skip", self.skip);
    archive("times", self.times);
    archive("status", self.status);
    archive("text", self.text);
    archive("reason", self.reason);
    archive("delay", self.delay);
  }
};

}  // namespace pveplan::lab
