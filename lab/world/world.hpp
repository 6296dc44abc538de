#pragma once

#include "lab/core/time.hpp"
#include "lab/world/access.hpp"
#include "lab/world/archive.hpp"
#include "lab/world/fault.hpp"
#include "lab/world/guest.hpp"
#include "lab/world/network.hpp"
#include "lab/world/random.hpp"
#include "lab/world/storage.hpp"
#include "lab/world/task.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pveplan::lab {

/// Which Proxmox VE the lab plays.
struct Release {
  int major = 9;
  std::string version = "9.2.11";
  std::string release = "9.2";
  std::string repository_id = "14a22df35955d97d";

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("major", self.major);
    archive("version", self.version);
    archive("release", self.release);
    archive("repoid", self.repository_id);
  }
};

/// The releases of the two sets of recordings.
Release release_8();
Release release_9();

struct Hardware {
  int cpus = 2;
  std::int64_t memory = 0;  ///< bytes
  std::int64_t memory_used = 0;
  std::int64_t root_disk = 0;  ///< bytes of the root file system
  std::int64_t root_used = 0;
  std::int64_t root_available = 0;
  std::string cpu_model, cpu_vendor, cpu_family, cpu_flags, cpu_megahertz;
  std::string kernel;
  bool virtualization = false;  ///< the CPU offers hardware virtualization

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("cpus", self.cpus);
    archive("memory", self.memory);
    archive("memory_used", self.memory_used);
    archive("root_disk", self.root_disk);
    archive("root_used", self.root_used);
    archive("root_available", self.root_available);
    archive("cpu_model", self.cpu_model);
    archive("cpu_vendor", self.cpu_vendor);
    archive("cpu_family", self.cpu_family);
    archive("cpu_flags", self.cpu_flags);
    archive("cpu_megahertz", self.cpu_megahertz);
    archive("kernel", self.kernel);
    archive("virtualization", self.virtualization);
  }
};

struct Node {
  int id = 0;  ///< corosync's node id, 0 on a stand-alone node
  std::string address;
  bool online = true;
  Time booted;
  std::string fingerprint;  ///< SHA-256 of its certificate
  std::string time_zone = "Etc/UTC";
  std::map<std::string, std::string> dns;      ///< search, dns1 … dns3
  std::map<std::string, std::string> options;  ///< /nodes/N/config
  Hardware hardware;
  NodeNetwork network;

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("id", self.id);
    archive("address", self.address);
    archive("online", self.online);
    archive("booted", self.booted);
    archive("fingerprint", self.fingerprint);
    archive("time_zone", self.time_zone);
    archive("dns", self.dns);
    archive("options", self.options);
    archive("hardware", self.hardware);
    archive("network", self.network);
  }
};

/// What is one for the whole cluster.
struct Cluster {
  std::string name;  ///< empty: a stand-alone node
  bool quorate = true;
  std::string root_ca_fingerprint;
  std::map<std::string, std::string> options;  ///< datacenter.cfg

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("name", self.name);
    archive("quorate", self.quorate);
    archive("root_ca_fingerprint", self.root_ca_fingerprint);
    archive("options", self.options);
  }
};

/// The simulated cluster: a plain value. It knows nothing of HTTP; the core answers requests from
/// it and changes it.
struct World {
  Release release;
  Time now;
  SeededRandom random;
  Cluster cluster;
  std::map<std::string, Node> nodes;
  Access access;
  Storages storage;
  std::map<int, Guest> guests;
  GuestSystems systems;
  Tasks tasks;
  std::string ticket_key;  ///< signs tickets and CSRF tokens
  std::vector<Fault> faults;

  bool is_version_9() const { return release.major >= 9; }
  /// The node that a request without an address goes to.
  const std::string& first_node() const { return nodes.begin()->first; }

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("release", self.release);
    archive("now", self.now);
    archive("random", self.random);
    archive("cluster", self.cluster);
    archive("nodes", self.nodes);
    archive("access", self.access);
    archive("storage", self.storage);
    archive("guests", self.guests);
    archive("systems", self.systems);
    archive("tasks", self.tasks);
    archive("ticket_key", self.ticket_key);
    archive("faults", self.faults);
  }
};

}  // namespace pveplan::lab
