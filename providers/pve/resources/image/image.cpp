#include "providers/pve/resources/image/image.hpp"

#include "providers/pve/client/encoding.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/guest_codec/drive.hpp"
#include "providers/pve/resources/image/codec.hpp"
#include "providers/pve/settle/settle.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::pve {
namespace {

using core::WriteResult;
using model::Action;
using model::ResolverClass;
using schema::Value;

/// Where the file is, or nothing; `available` is false when nobody can tell.
class Look {
 public:
  Look() {}
  bool available = true;
  std::string reason;         ///< when it is not
  std::optional<Value> file;  ///< the entry of the content listing
  std::string server_time;
};

bool has_storage(const model::StorageFacts& each, const std::string& node,
                 const std::string& storage) {
  return each.storage == storage && (node.empty() || each.node == node);
}

/// An online node that has the storage: the identity's own where it names one.
std::string node_for(const model::ClusterFacts& cluster, const Value& identity) {
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

/// Volume ids keep their slashes only as part of the last path element (FACTS 1.15).
std::string content_path(const std::string& node, const std::string& storage) {
  return fmt::format("/nodes/{}/storage/{}/content", percent_encode(node), percent_encode(storage));
}

async::Task<Look> look(core::Context context, model::Identity identity, bool shared) {
  Look result;
  const auto storage = text_of(identity, "storage");
  const auto volid = text_of(identity, "volid");
  const auto node = node_for(context.cluster(), identity);
  result.reason = obstacle(context.cluster(), node, storage);
  result.available = result.reason.empty();
  if (!result.available) co_return result;
  core::Parameters query;
  query.emplace_back("content", content_of_volume(volid));
  const auto path = content_path(node, storage);
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

schema::Diagnostic failed(const schema::ResourceAddress& address, std::string summary,
                          std::string detail) {
  auto diagnostic = schema::error(std::move(summary), std::move(detail));
  diagnostic.address = address;
  return diagnostic;
}

/// The server compares checksums; a size that is known tells a wrong file without reading it.
bool has_size(const Value& file, const Value& attributes) {
  const auto wanted = as_integer(member(attributes, "size"));
  return !wanted || integer_of(file, "size") == *wanted;
}

core::ApiRequest download_request(const Value& identity, const Value& after,
                                  const std::string& node) {
  core::Parameters parameters{{"content", image_content(after)},
                              {"filename", file_of_volume(text_of(identity, "volid"))},
                              {"url", text_of(after, "url")}};
  if (const auto checksum = parse_checksum(text_of(after, "checksum"))) {
    parameters.emplace_back("checksum", checksum->digits);
    parameters.emplace_back("checksum-algorithm", checksum->algorithm);
  }
  return core::ApiRequest("POST",
                          fmt::format("/nodes/{}/storage/{}/download-url", percent_encode(node),
                                      percent_encode(text_of(after, "storage"))),
                          std::move(parameters));
}

/// Deleting a file twice could hit the one that somebody has put there meanwhile, so it is looked
/// after until the first request can have no effect any more. The task of a file that belongs to no
/// guest is named after its storage.
async::Task<schema::Result<model::Resolution>> settle_image_delete(core::Context context,
                                                                   model::Intent intent) {
  const auto identity = argument(intent.arguments, "identity");
  const auto node = node_for(context.cluster(), identity);
  SettleClock clock(intent);
  for (;;) {
    auto trace =
        co_await follow_task(context, node, "imgdel", text_of(identity, "storage"), intent);
    if (trace.open) co_return model::Resolution(model::StillOpen{trace.reason});
    auto seen = co_await look(context, identity, false);
    if (!seen.available) co_return model::Resolution(model::StillOpen{seen.reason});
    if (!seen.file) {
      model::Done done;
      done.outcome.address = intent.address;
      co_return model::Resolution(std::move(done));
    }
    if (trace.failed || clock.has_settled(seen.server_time))
      co_return model::Resolution(model::NotDone());
    co_await context.pause(SettleClock::kPause);
  }
}

}  // namespace

const std::vector<model::OperationSpec>& ImageType::operations() const {
  static const std::vector<model::OperationSpec> kOperations = {
      {"download", ResolverClass::keyed_create, std::chrono::seconds(60)},
      {"delete", ResolverClass::goal_state, std::chrono::seconds(2)},
      {"keep", ResolverClass::engine_only, std::chrono::seconds(0)},
      {"refuse", ResolverClass::engine_only, std::chrono::seconds(0)},
  };
  return kOperations;
}

model::Identity ImageType::identity(const schema::ResourceAddress& address,
                                    const Value& desired) const {
  const auto node = address.key ? *address.key : text_of(desired, "node");
  return Value::map({{"node", Value::string(node)},
                     {"storage", Value::string(text_of(desired, "storage"))},
                     {"volid", Value::string(image_volume(address.name, desired))}});
}

Value ImageType::exports(const schema::ResourceAddress&, const Value&,
                         const model::Identity& identity) const {
  return Value::map({{"id", argument(identity, "volid")},
                     {"volid", argument(identity, "volid")},
                     {"storage", argument(identity, "storage")},
                     {"node", argument(identity, "node")}});
}

async::Task<schema::Result<model::ReadOutcome>> ImageType::read(core::Context context,
                                                                model::Identity identity,
                                                                const model::Row* row) const {
  // Without a row the file that lies there is not in the way: it is used.
  if (row == nullptr) co_return model::ReadOutcome(model::Absent());
  const Value owned = row->owned;
  const bool found = flag_of(row->notes, "found");
  auto seen = co_await look(context, row->identity, true);
  if (!seen.available) co_return model::ReadOutcome(model::Unreadable{seen.reason});
  if (!seen.file) co_return model::ReadOutcome(model::Absent());
  model::LiveObject live;
  live.identity = identity;
  live.attributes = owned;  // nothing of it can be read back but its presence and size
  if (member(owned, "size") != nullptr) {
    live.attributes =
        owned.with(schema::Path({"size"}), Value::integer(integer_of(*seen.file, "size")));
  }
  live.exported = exports({}, owned, identity);
  live.facts = Value::map({{"node", argument(identity, "node")},
                           {"found", Value::boolean(found)},
                           {"identity", identity}});
  co_return model::ReadOutcome(std::move(live));
}

std::vector<model::Step> ImageType::lower(const model::Change& change) const {
  const auto* old_identity = member(change.facts, "identity");
  const auto identity =
      change.action == Action::remove && old_identity != nullptr ? *old_identity : change.identity;
  const auto arguments = Value::map({{"identity", identity}, {"after", change.after}});
  const auto volid = text_of(identity, "volid");
  const auto node = text_of(identity, "node");
  std::string operation = "download", summary = "download " + volid;
  if (change.action == Action::remove) {
    const bool found = flag_of(change.facts, "found");
    operation = found ? "keep" : "delete";
    summary = (found ? "leave " : "delete ") + volid;
  } else if (change.action == Action::update && !change.resumes) {
    operation = "keep";
    summary = "remember";
  }
  if (operation == "download" && !image_refusal(change.after).empty())
    return {make_step(change.address, "refuse", arguments, "cannot be placed")};
  auto step = make_step(change.address, operation, arguments, summary);
  step.pools.push_back("node:" + node);
  step.pools.push_back("storage:" + node + "/" + text_of(identity, "storage"));
  if (operation == "keep") {
    step.pools.clear();
    step.writes = 0;
  }
  return {std::move(step)};
}

model::Outcome ImageType::stored(const schema::ResourceAddress& address, const Value& arguments,
                                 bool found) const {
  model::Row row;
  row.address = address;
  row.schema_version = schema_.version;
  row.identity = argument(arguments, "identity");
  row.owned = argument(arguments, "after");
  row.exported = exports(address, row.owned, row.identity);
  if (found) row.notes = Value::map({{"found", Value::boolean(true)}});
  model::Outcome outcome;
  outcome.address = address;
  outcome.row = std::move(row);
  return outcome;
}

async::Task<schema::Result<model::Outcome>> ImageType::run(core::Context context,
                                                           model::Step step) const {
  if (step.operation == "download") return run_download(context, std::move(step));
  if (step.operation == "keep" || step.operation == "refuse")
    return run_engine_only(context, std::move(step));
  return run_delete(context, std::move(step));
}

async::Task<schema::Result<model::Outcome>> ImageType::run_download(core::Context context,
                                                                    model::Step step) const {
  const auto identity = argument(step.arguments, "identity");
  const auto after = argument(step.arguments, "after");
  auto before = co_await look(context, identity, false);
  if (!before.available)
    co_return std::unexpected(failed(step.address, "The storage cannot be used",
                                     "The image needs it, but " + before.reason + "."));
  const bool found = before.file.has_value();
  if (found && !has_size(*before.file, after)) {
    co_return std::unexpected(failed(
        step.address, "Another file has the image's name",
        fmt::format("{} exists with {} bytes, where {} are expected. Remove it, or give the image "
                    "another `name`.",
                    text_of(identity, "volid"), integer_of(*before.file, "size"),
                    integer_of(after, "size"))));
  }
  if (found && !parse_checksum(text_of(after, "checksum")))
    co_return stored(step.address, step.arguments, true);
  // With a checksum the server checks a file that is there already, and downloads nothing.
  core::Write write(download_request(identity, after, node_for(context.cluster(), identity)));
  write.forks_task = true;
  write.remember = Value::map({{"found", Value::boolean(found)}});
  auto result = co_await context.write(std::move(write));
  if (result.status != WriteResult::Status::done)
    co_return std::unexpected(diagnostic_of(result, step.address));
  co_return stored(step.address, step.arguments, found);
}

async::Task<schema::Result<model::Outcome>> ImageType::run_engine_only(core::Context context,
                                                                       model::Step step) const {
  const auto after = argument(step.arguments, "after");
  if (step.operation == "refuse")
    co_return std::unexpected(
        failed(step.address, "The image cannot be placed", image_refusal(after)));
  const auto* row = context.row(step.address);
  if (row != nullptr && !after.is_null())
    co_return stored(step.address, step.arguments, flag_of(row->notes, "found"));
  model::Outcome forgotten;
  forgotten.address = step.address;
  co_return forgotten;
}

async::Task<schema::Result<model::Outcome>> ImageType::run_delete(core::Context context,
                                                                  model::Step step) const {
  model::Outcome gone;
  gone.address = step.address;
  const auto identity = argument(step.arguments, "identity");
  auto before = co_await look(context, identity, false);
  if (!before.available)
    co_return std::unexpected(failed(step.address, "The storage cannot be used",
                                     "The image cannot be deleted, since " + before.reason + "."));
  if (!before.file) co_return gone;
  const auto node = node_for(context.cluster(), identity);
  core::Write write(core::ApiRequest("DELETE", content_path(node, text_of(identity, "storage")) +
                                                   "/" +
                                                   percent_encode(text_of(identity, "volid"))));
  write.forks_task = true;
  auto result = co_await context.write(std::move(write));
  if (result.status != WriteResult::Status::done)
    co_return std::unexpected(diagnostic_of(result, step.address));
  co_return gone;
}

async::Task<schema::Result<model::Resolution>> ImageType::resolve(core::Context context,
                                                                  model::Intent intent) const {
  if (intent.operation == "download") {
    auto settled = co_await resolve_download(context, std::move(intent));
    co_return std::move(settled);
  }
  auto settled = co_await settle_image_delete(context, std::move(intent));
  co_return std::move(settled);
}

async::Task<schema::Result<model::Resolution>> ImageType::resolve_download(
    core::Context context, model::Intent intent) const {
  const auto identity = argument(intent.arguments, "identity");
  const auto after = argument(intent.arguments, "after");
  const auto node = node_for(context.cluster(), identity);
  SettleClock clock(intent);
  for (;;) {
    auto trace = co_await follow_task(context, node, "download",
                                      file_of_volume(text_of(identity, "volid")), intent);
    if (trace.open) co_return model::Resolution(model::StillOpen{trace.reason});
    auto seen = co_await look(context, identity, false);
    if (!seen.available) co_return model::Resolution(model::StillOpen{seen.reason});
    if (seen.file && has_size(*seen.file, after)) {
      model::Done done;
      const auto remembered = argument(intent.arguments, "remember");
      done.outcome = stored(intent.address, intent.arguments, flag_of(remembered, "found"));
      co_return model::Resolution(std::move(done));
    }
    if (seen.file) {
      co_return model::Resolution(model::Taken{
          failed(intent.address, "Another file has the image's name",
                 text_of(identity, "volid") + " exists with another size. Remove it, or give the "
                                              "image another `name`.")});
    }
    if (trace.failed || clock.has_settled(seen.server_time))
      co_return model::Resolution(model::NotDone());
    co_await context.pause(SettleClock::kPause);
  }
}

}  // namespace pveplan::pve
