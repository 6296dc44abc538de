#include "providers/pve/resources/image/look.hpp"

#include "providers/pve/client/encoding.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/settle/settle.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::pve {

using schema::Value;

namespace {

bool has_storage(const model::StorageFacts& each, const std::string& node,
                 const std::string& storage) {
  return each.storage == storage && (node.empty() || each.node == node);
}

/// Why the storage cannot be looked at; empty when it can.
std::string obstacle(const model::ClusterFacts& cluster, const std::string& node,
                     const std::string& storage) {
  const auto* facts = cluster.node(node);
  if (facts == nullptr) return fmt::format("no node has a storage \"{}\"", storage);
  if (!facts->online) return fmt::format("node {} is offline", node);
  const auto at = std::find_if(
      cluster.storages.begin(), cluster.storages.end(),
      [&](const model::StorageFacts& each) { return has_storage(each, node, storage); });
  if (at == cluster.storages.end())
    return fmt::format("storage {} on node {} does not exist or is hidden from this token", storage,
                       node);
  return at->available ? "" : fmt::format("storage {} on node {} is not available", storage, node);
}

std::string content_of_volume(const std::string& volid) {
  const auto colon = volid.find(':');
  const auto slash = volid.find('/', colon);
  return volid.substr(colon + 1, slash - colon - 1);
}

}  // namespace

std::string image_node(const model::ClusterFacts& cluster, const model::Identity& identity) {
  const auto node = text_of(identity, "node");
  if (!node.empty()) return node;
  for (const auto& each : cluster.storages) {
    const auto* facts = cluster.node(each.node);
    if (has_storage(each, "", text_of(identity, "storage")) && each.available && facts != nullptr &&
        facts->online)
      return each.node;
  }
  return {};
}

std::string image_content_path(const std::string& node, const std::string& storage) {
  return fmt::format("/nodes/{}/storage/{}/content", percent_encode(node), percent_encode(storage));
}

async::Task<ImageLook> look_for_image(core::Context context, model::Identity identity,
                                      bool shared) {
  ImageLook result;
  const auto storage = text_of(identity, "storage");
  const auto volid = text_of(identity, "volid");
  const auto node = image_node(context.cluster(), identity);
  result.reason = obstacle(context.cluster(), node, storage);
  result.available = result.reason.empty();
  if (!result.available) co_return result;
  core::Parameters query;
  query.emplace_back("content", content_of_volume(volid));
  const auto path = image_content_path(node, storage);
  auto task = shared ? context.read_shared(path, query) : context.read(path, query);
  auto answer = co_await std::move(task);
  result.server_time = server_time_of(answer);
  if (!answer) {
    result.available = false;
    result.reason = still_open(answer.error()).reason;
    co_return result;
  }
  if (answer->data.kind() != Value::Kind::list) co_return result;
  for (const auto& entry : answer->data.as_list()) {
    if (text_of(entry, "volid") == volid) result.file = entry;
  }
  co_return result;
}

schema::Diagnostic image_failure(const schema::ResourceAddress& address, std::string summary,
                                 std::string detail) {
  auto diagnostic = schema::error(std::move(summary), std::move(detail));
  diagnostic.address = address;
  return diagnostic;
}

}  // namespace pveplan::pve
