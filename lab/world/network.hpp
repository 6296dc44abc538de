#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

/// The interfaces of one node: what /etc/network/interfaces says, and what really runs.
namespace pveplan::lab {

/// One interface as the server keeps it: options by their names in the API ("bridge_ports",
/// "comments" …). The order of interfaces in the file decides `priority`.
struct Interface {
  std::string name;
  std::map<std::string, std::string> options;

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("name", self.name);
    archive("options", self.options);
  }
};

/// The file's content, with the time of its last change for the header of the diff.
struct InterfacesFile {
  std::vector<Interface> interfaces;
  std::int64_t changed_at = 0;  ///< nanoseconds since the epoch

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("interfaces", self.interfaces);
    archive("changed_at", self.changed_at);
  }
};

struct NodeNetwork {
  InterfacesFile current;
  std::optional<InterfacesFile> pending;  ///< interfaces.new, waiting for a reload
  std::vector<std::string> links;         ///< interfaces that exist in the running system
  std::vector<std::string> hardware;      ///< physical ones, which exist whatever the file says
  std::vector<std::string> created;       ///< links that the last reload made from the file
  bool kernel_has_vlans = true;
  /// Every reload ends so, after it has exchanged the files; empty: it works.
  std::string reload_failure;
  std::vector<std::string> reload_failure_log;

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("current", self.current);
    archive("pending", self.pending);
    archive("links", self.links);
    archive("hardware", self.hardware);
    archive("created", self.created);
    archive("kernel_has_vlans", self.kernel_has_vlans);
    archive("reload_failure", self.reload_failure);
    archive("reload_failure_log", self.reload_failure_log);
  }
};

}  // namespace pveplan::lab
