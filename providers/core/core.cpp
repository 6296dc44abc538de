#include "providers/core/resource_type.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::core {

void TypeRegistry::add(std::unique_ptr<ResourceType> type) {
  auto name = type->schema().type;
  types_.insert_or_assign(std::move(name), std::move(type));
}

const ResourceType* TypeRegistry::find(std::string_view type) const {
  const auto at = types_.find(type);
  return at == types_.end() ? nullptr : at->second.get();
}

std::optional<Replacement> ResourceType::lower_replacement(const model::Change&) const {
  return std::nullopt;
}

const model::OperationSpec* find_operation(const ResourceType& type, std::string_view operation) {
  const auto& all = type.operations();
  const auto at = std::find_if(
      all.begin(), all.end(),
      [operation](const model::OperationSpec& each) { return each.name == operation; });
  return at == all.end() ? nullptr : &*at;
}

namespace {

std::string advice(ApiFailure failure) {
  switch (failure) {
    case ApiFailure::unauthorized:
      return " Check the token: its id, its secret, and that it has not expired.";
    case ApiFailure::forbidden:
      return " Grant the named privilege on the named path to the token (a token with privilege "
             "separation "
             "needs entries of its own).";
    case ApiFailure::node_unreachable:
      return " Check that the node is up and reachable from the API host.";
    case ApiFailure::no_quorum:
      return " Wait until the cluster has quorum again.";
    case ApiFailure::digest_mismatch:
      return " Run pveplan plan again to see the object as it is now.";
    case ApiFailure::taken:
      return " Plan again to choose another one, or import the object.";
    case ApiFailure::lock_timeout:
    case ApiFailure::guest_locked:
      return " Wait for the task that holds the lock, then apply again.";
    case ApiFailure::not_sent:
      return " Check the endpoint and the network.";
    case ApiFailure::storage_offline:
      return " Check the storage on that node.";
    case ApiFailure::untrusted:
    case ApiFailure::unknown_outcome:
    case ApiFailure::bad_parameter:
    case ApiFailure::absent:
    case ApiFailure::other:
      return "";
  }
  return "";
}

/// Who never answered has refused nothing.
const char* summary(ApiFailure failure) {
  if (failure == ApiFailure::not_sent) return "Cannot reach Proxmox";
  if (failure == ApiFailure::untrusted) return "The server is not trusted";
  if (failure == ApiFailure::unknown_outcome) return "No answer from Proxmox";
  if (failure == ApiFailure::node_unreachable) return "Cannot reach the node";
  return "Proxmox refused the request";
}

}  // namespace

async::Task<schema::Result<std::string>> ContextBackend::secret(std::string path) {
  co_return std::unexpected(schema::error(
      "Secret not available", "The value of " + path + " cannot be fetched in this run."));
}

namespace {

std::unexpected<std::string> no_connections(const std::string& address, int port) {
  return std::unexpected(fmt::format("nothing connects to {}:{} in this run", address, port));
}

}  // namespace

async::Task<std::expected<std::string, std::string>> ContextBackend::greeting(
    std::string address, int port, std::chrono::milliseconds) {
  co_return no_connections(address, port);
}

async::Task<std::expected<void, std::string>> ContextBackend::connect(std::string address, int port,
                                                                      std::chrono::milliseconds) {
  co_return no_connections(address, port);
}

std::string ApiError::words() const {
  return message.substr(0, message.find_last_not_of(" \n.!") + 1);
}

schema::Diagnostic ApiError::diagnostic() const {
  std::string detail = fmt::format("{} failed", request);
  if (status != 0) detail += fmt::format(" with status {}", status);
  detail += ": " + words();
  for (const auto& [parameter, text] : parameters)
    detail += fmt::format("; {}: {}", parameter, text);
  if (!detail.ends_with('.') && !detail.ends_with('?')) detail += '.';
  return schema::error(summary(failure), detail + advice(failure));
}

schema::Diagnostic WriteResult::diagnostic() const {
  auto result = error.diagnostic();
  if (!log_excerpt.empty()) result.notes.push_back({"the task's last lines:\n" + log_excerpt, {}});
  return result;
}

model::Identity ResourceType::adopted_identity(const schema::ResourceAddress&, const schema::Value&,
                                               const std::string&) const {
  return {};
}

}  // namespace pveplan::core
