#include "providers/pve/cluster/cluster.hpp"

#include "providers/pve/client/encoding.hpp"
#include "providers/pve/coerce.hpp"

#include <algorithm>

namespace pveplan::pve {
namespace {

using model::ClusterFacts;
using schema::Value;

const Value::List& items_of(const Value& value) {
  static const Value::List kNone;
  return value.kind() == Value::Kind::list ? value.as_list() : kNone;
}

std::vector<std::string> split_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start < text.size();) {
    const auto comma = std::min(text.find(',', start), text.size());
    if (comma > start) parts.push_back(text.substr(start, comma - start));
    start = comma + 1;
  }
  std::sort(parts.begin(), parts.end());  // the server's order is random
  return parts;
}

std::uint64_t bytes_of(const Value& entry, std::string_view name) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(integer_of(entry, name), 0));
}

void read_version(const Value& data, ClusterFacts& facts) {
  facts.version_text = text_of(data, "version");
  const auto dot = facts.version_text.find('.');
  const auto major = parse_integer(facts.version_text.substr(0, dot)).value_or(0);
  auto rest = dot == std::string::npos ? std::string() : facts.version_text.substr(dot + 1);
  rest.resize(std::min(rest.find_first_not_of("0123456789"), rest.size()));
  facts.version = static_cast<int>(major * 100 + parse_integer(rest).value_or(0));
}

/// A stand-alone host has no entry of type `cluster`: it is always quorate and called by its name.
void read_status(const Value& data, ClusterFacts& facts) {
  std::string local;
  for (const auto& entry : items_of(data)) {
    const auto type = text_of(entry, "type");
    if (type == "cluster") {
      facts.name = text_of(entry, "name");
      facts.quorate = flag_of(entry, "quorate");
    } else if (type == "node") {
      if (flag_of(entry, "local")) local = text_of(entry, "name");
      for (auto& node : facts.nodes) {
        if (node.name == text_of(entry, "name")) node.address = text_of(entry, "ip");
      }
    }
  }
  if (facts.name.empty()) facts.name = local;
}

model::GuestFacts guest_from(const Value& entry, bool container) {
  model::GuestFacts guest;
  guest.vmid = integer_of(entry, "vmid");
  guest.container = container;
  guest.node = text_of(entry, "node");
  guest.name = text_of(entry, "name");
  guest.status = text_of(entry, "status");
  guest.lock = text_of(entry, "lock");
  guest.pool = text_of(entry, "pool");
  guest.tags = text_of(entry, "tags");
  guest.ha_state = text_of(entry, "hastate");
  guest.is_template = flag_of(entry, "template");
  guest.memory = bytes_of(entry, "maxmem");
  guest.uptime = integer_of(entry, "uptime");
  return guest;
}

model::StorageFacts storage_from(const Value& entry) {
  model::StorageFacts storage;
  storage.node = text_of(entry, "node");
  storage.storage = text_of(entry, "storage");
  storage.plugin = text_of(entry, "plugintype");
  storage.content = split_commas(text_of(entry, "content"));
  storage.shared = flag_of(entry, "shared");
  storage.available = text_of(entry, "status") == "available";
  storage.total = bytes_of(entry, "maxdisk");
  storage.used = bytes_of(entry, "disk");
  return storage;
}

model::NodeFacts node_from(const Value& entry) {
  model::NodeFacts node;
  node.name = text_of(entry, "node");
  node.online = text_of(entry, "status") == "online";
  node.memory = bytes_of(entry, "maxmem");
  node.memory_used = bytes_of(entry, "mem");
  return node;
}

void read_resources(const Value& data, ClusterFacts& facts) {
  for (const auto& entry : items_of(data)) {
    const auto type = text_of(entry, "type");
    if (type == "node") facts.nodes.push_back(node_from(entry));
    if (type == "storage") facts.storages.push_back(storage_from(entry));
    if (type == "qemu" || type == "lxc") facts.guests.push_back(guest_from(entry, type == "lxc"));
  }
  const auto place = [](const model::StorageFacts& each) {
    return std::tie(each.node, each.storage);
  };
  std::sort(facts.nodes.begin(), facts.nodes.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  std::sort(facts.guests.begin(), facts.guests.end(),
            [](const auto& a, const auto& b) { return a.vmid < b.vmid; });
  std::sort(facts.storages.begin(), facts.storages.end(),
            [place](const auto& a, const auto& b) { return place(a) < place(b); });
}

/// Any node will do, since all hold the same CA.
std::string certificates_path(const ClusterFacts& facts) {
  const auto at = std::find_if(facts.nodes.begin(), facts.nodes.end(),
                               [](const model::NodeFacts& node) { return node.online; });
  const auto name = at == facts.nodes.end() ? std::string("localhost") : at->name;
  return "/nodes/" + percent_encode(name) + "/certificates/info";
}

void read_certificates(const Value& data, ClusterFacts& facts) {
  for (const auto& entry : items_of(data)) {
    if (text_of(entry, "filename") == "pve-root-ca.pem")
      facts.identity = text_of(entry, "fingerprint");
  }
}

/// `next-id` is a property string such as "lower=200,upper=300", the upper end exclusive (FACTS
/// 18.4); newer servers answer it as an object.
void read_options(const Value& data, ClusterFacts& facts) {
  const auto prefix = text_of(data, "mac_prefix");
  if (!prefix.empty()) facts.mac_prefix = prefix;
  const auto* range = data.find("next-id");
  if (range == nullptr) return;
  const auto end = [range](const std::string& name) -> std::int64_t {
    if (range->has_fields()) return integer_of(*range, name);
    for (const auto& part : split_commas(as_text(range))) {
      if (part.starts_with(name + "="))
        return parse_integer(part.substr(name.size() + 1)).value_or(0);
    }
    return 0;
  };
  if (const auto lower = end("lower"); lower > 0) facts.first_vmid = lower;
  if (const auto upper = end("upper"); upper > 0) facts.last_vmid = upper - 1;
}

bool is_optional(const core::ApiError& error) {
  return error.failure == core::ApiFailure::forbidden || error.status == 501;
}

}  // namespace

async::Task<schema::Result<ClusterFacts>> load_cluster_facts(core::Api& api, std::string user) {
  ClusterFacts facts;
  facts.user = std::move(user);
  auto version = co_await api.get("/version", core::Parameters());
  if (!version) co_return std::unexpected(version.error().diagnostic());
  read_version(version->data, facts);

  auto resources = co_await api.get("/cluster/resources", core::Parameters());
  if (!resources) co_return std::unexpected(resources.error().diagnostic());
  read_resources(resources->data, facts);
  facts.server_time = resources->server_time;

  auto status = co_await api.get("/cluster/status", core::Parameters());
  if (status) {
    read_status(status->data, facts);
  } else if (!is_optional(status.error())) {
    co_return std::unexpected(status.error().diagnostic());
  }

  auto options = co_await api.get("/cluster/options", core::Parameters());
  if (options) {
    read_options(options->data, facts);
  } else if (!is_optional(options.error())) {
    co_return std::unexpected(options.error().diagnostic());
  }

  auto certificates = co_await api.get(certificates_path(facts), core::Parameters());
  if (!certificates) co_return std::unexpected(certificates.error().diagnostic());
  read_certificates(certificates->data, facts);
  if (facts.identity == "none") {
    co_return std::unexpected(schema::error(
        "Cluster without an identity",
        "The server's list of certificates has no pve-root-ca.pem, whose fingerprint tells "
        "clusters apart. Restore the cluster's certificate authority with `pvecm updatecerts`."));
  }
  co_return facts;
}

schema::Result<bool> vmid_is_free_from(const core::ApiResult& answer) {
  if (answer) return true;
  if (answer.error().failure == core::ApiFailure::taken) return false;
  return std::unexpected(answer.error().diagnostic());
}

async::Task<schema::Result<bool>> vmid_is_free(core::Api& api, std::int64_t vmid) {
  core::Parameters query;
  query.emplace_back("vmid", std::to_string(vmid));
  auto answer = co_await api.get("/cluster/nextid", query);
  co_return vmid_is_free_from(answer);
}

}  // namespace pveplan::pve
