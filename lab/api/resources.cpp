#include "lab/api/resources.hpp"

#include "lab/core/call.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

std::string option(const StorageDefinition& definition, const std::string& name) {
  const auto found = definition.options.find(name);
  return found == definition.options.end() ? std::string{} : found->second;
}

std::int64_t used_by_volumes(const World& world, const std::string& storage,
                             const std::string& node) {
  std::int64_t used = 0;
  const auto nodes = world.storage.volumes.find(storage);
  if (nodes == world.storage.volumes.end()) return 0;
  const auto volumes = nodes->second.find(node);
  if (volumes == nodes->second.end()) return 0;
  for (const auto& [name, volume] : volumes->second) used += volume.used;
  return used;
}

}  // namespace

bool is_shared(const StorageDefinition& definition) {
  return option(definition, "shared") == "1" ||
         matches(definition.type, "nfs|cifs|cephfs|rbd|pbs|iscsi");
}

bool is_enabled(const StorageDefinition& definition) {
  return option(definition, "disable") != "1";
}

bool is_on_node(const StorageDefinition& definition, const std::string& node) {
  const auto nodes = split_list(option(definition, "nodes"));
  return nodes.empty() || std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

Usage storage_usage(const World& world, const std::string& storage, const std::string& node) {
  const auto definition = world.storage.definitions.find(storage);
  const auto spaces = world.storage.spaces.find(storage);
  if (definition == world.storage.definitions.end() || spaces == world.storage.spaces.end())
    return {};
  const std::string place = is_shared(definition->second) ? std::string{} : node;
  const auto space = spaces->second.find(place);
  if (space == spaces->second.end() || !space->second.online) return {};
  Usage usage{space->second.total, space->second.used_by_others, 0, true};
  usage.used += used_by_volumes(world, storage, place);
  usage.available = std::max<std::int64_t>(0, usage.total - usage.used);
  return usage;
}

Value node_resource(const World& world, const std::string& name, const Node& node,
                    bool with_stats) {
  Value::Fields fields{{"id", str("node/" + name)},
                       {"type", str("node")},
                       {"node", str(name)},
                       {"status", str(node.online ? "online" : "offline")},
                       {"level", str("")}};
  if (with_stats && node.online) {
    const Hardware& hardware = node.hardware;
    fields.emplace_back("cpu", Value::decimal("0.02"));
    fields.emplace_back("maxcpu", num(hardware.cpus));
    fields.emplace_back("mem", num(hardware.memory_used));
    fields.emplace_back("maxmem", num(hardware.memory));
    fields.emplace_back("disk", num(hardware.root_used));
    fields.emplace_back("maxdisk", num(hardware.root_disk));
    fields.emplace_back("uptime", num(unix_seconds(world.now) - unix_seconds(node.booted)));
  }
  return Value::map(std::move(fields));
}

std::vector<Value> storage_resources(const World& world, const std::string& storage) {
  std::vector<Value> entries;
  const auto found = world.storage.definitions.find(storage);
  if (found == world.storage.definitions.end() || !is_enabled(found->second)) return entries;
  for (const auto& [name, node] : world.nodes) {
    if (!is_on_node(found->second, name)) continue;
    const Usage usage = storage_usage(world, storage, name);
    Value::Fields fields{{"id", str(fmt::format("storage/{}/{}", name, storage))},
                         {"type", str("storage")},
                         {"node", str(name)},
                         {"storage", str(storage)},
                         {"plugintype", str(found->second.type)},
                         {"content", str(option(found->second, "content"))},
                         {"shared", bit(is_shared(found->second))},
                         {"status", str(usage.active && node.online ? "available" : "unknown")}};
    if (usage.active && node.online) {
      fields.emplace_back("disk", num(usage.used));
      fields.emplace_back("maxdisk", num(usage.total));
    }
    entries.push_back(Value::map(std::move(fields)));
  }
  return entries;
}

}  // namespace pveplan::lab
