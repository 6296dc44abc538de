#include "providers/pve/resources/image/image.hpp"

#include "providers/pve/client/encoding.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/guest_row.hpp"
#include "providers/pve/guest_codec/drive.hpp"
#include "providers/pve/resources/image/codec.hpp"
#include "providers/pve/resources/image/look.hpp"
#include "providers/pve/resources/image/removal.hpp"
#include "providers/pve/settle/settle.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::pve {
namespace {

using core::WriteResult;
using model::Action;
using model::ResolverClass;
using schema::Value;

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

}  // namespace

const std::vector<model::OperationSpec>& ImageType::operations() const {
  static const std::vector<model::OperationSpec> kOperations = {
      {"download", ResolverClass::keyed_create, std::chrono::seconds(60)},
      {"delete", ResolverClass::goal_state, std::chrono::seconds(2)},
      {kDeleteOldImage, ResolverClass::goal_state, std::chrono::seconds(2)},
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
  auto seen = co_await look_for_image(context, row->identity, true);
  if (!seen.available) co_return model::ReadOutcome(model::Unreadable{seen.reason});
  const auto leaving = argument(row->notes, "leaving");
  if (!seen.file) {
    model::Absent absent;
    if (!leaving.is_null()) absent.facts = Value::map({{"leaving", leaving}});
    co_return model::ReadOutcome(std::move(absent));
  }
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
                           {"identity", identity},
                           {"leaving", leaving}});
  co_return model::ReadOutcome(std::move(live));
}

namespace {

/// The steps of one image, one after the other.
class ImageLowering {
 public:
  explicit ImageLowering(const model::Change& change) : change_(change) {}

  std::vector<model::Step> take() { return std::move(steps_); }

  /// The file of `change.identity`; the older ones stay on record until they are gone.
  void make(const std::vector<model::Identity>& leaving) {
    if (!image_refusal(change_.after).empty()) {
      auto step = make_step(change_.address, "refuse", Value::map({{"after", change_.after}}),
                            "cannot be placed");
      steps_.push_back(std::move(step));
      return;
    }
    add("download", "download", change_.identity, leaving);
  }
  void remember(const std::vector<model::Identity>& leaving) {
    add("keep", "remember", change_.identity, leaving);
  }
  void remove_old(const std::vector<model::Identity>& leaving) {
    for (const auto& each : leaving) add(kDeleteOldImage, "delete", each, {});
  }
  /// The last step: the row goes.
  void remove(const model::Identity& identity) {
    const bool found = flag_of(change_.facts, "found");
    add(found ? "keep" : "delete", found ? "leave" : "delete", identity, {});
  }

 private:
  void add(const char* operation, const char* verb, const model::Identity& identity,
           const std::vector<model::Identity>& leaving) {
    const bool makes = operation != std::string_view(kDeleteOldImage);
    auto arguments = Value::map({{"identity", identity}});
    if (makes) arguments = arguments.with(schema::Path({"after"}), change_.after);
    if (!leaving.empty())
      arguments = arguments.with(schema::Path({"leaving"}), Value::list(leaving));
    auto step = make_step(change_.address, operation, std::move(arguments),
                          std::string(verb) + " " + text_of(identity, "volid"));
    step.brief = verb;
    const auto node = text_of(identity, "node");
    if (operation == std::string_view("keep")) {
      step.writes = 0;
    } else {
      step.pools = {"node:" + node, "storage:" + node + "/" + text_of(identity, "storage")};
    }
    if (!steps_.empty()) step.dependencies = {static_cast<model::Step::Id>(steps_.size() - 1)};
    steps_.push_back(std::move(step));
  }

  const model::Change& change_;
  std::vector<model::Step> steps_;
};

}  // namespace

std::vector<model::Step> ImageType::lower(const model::Change& change) const {
  ImageLowering lowering(change);
  auto leaving = leaving_images(change.facts);
  if (change.action == Action::remove) {
    lowering.remove_old(leaving);
    lowering.remove(change.living_identity());
    return lowering.take();
  }
  std::erase(leaving, change.identity);
  const bool resumes_removal = change.resumes && !leaving.empty();
  if (change.action == Action::update && (!change.resumes || resumes_removal)) {
    if (!resumes_removal || !change.attributes.empty()) lowering.remember(leaving);
  } else {
    lowering.make(leaving);
  }
  lowering.remove_old(leaving);
  return lowering.take();
}

/// A new version is a new file, so that the old one can stay until nothing uses it.
std::optional<core::Replacement> ImageType::lower_replacement(const model::Change& change) const {
  const auto& living = change.living_identity();
  if (living == change.identity) return std::nullopt;
  auto leaving = leaving_images(change.facts);
  if (!flag_of(change.facts, "found")) leaving.push_back(living);
  std::erase(leaving, change.identity);
  ImageLowering making(change), removal(change);
  making.make(leaving);
  removal.remove_old(leaving);
  return core::Replacement{making.take(), removal.take()};
}

model::Outcome ImageType::stored(const schema::ResourceAddress& address, const Value& arguments,
                                 bool found) const {
  model::Row row;
  row.address = address;
  row.schema_version = schema_.version;
  row.identity = argument(arguments, "identity");
  row.owned = argument(arguments, "after");
  row.exported = exports(address, row.owned, row.identity);
  if (found) set_note(row, "found", Value::boolean(true));
  set_leaving_images(row, leaving_images(arguments));
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
  return run_image_delete(context, std::move(step));
}

async::Task<schema::Result<model::Outcome>> ImageType::run_download(core::Context context,
                                                                    model::Step step) const {
  const auto identity = argument(step.arguments, "identity");
  const auto after = argument(step.arguments, "after");
  auto before = co_await look_for_image(context, identity, false);
  if (!before.available)
    co_return std::unexpected(image_failure(step.address, "The storage cannot be used",
                                            "The image needs it, but " + before.reason + "."));
  const auto* row = context.row(step.address);
  const bool left_by_us = row != nullptr && is_leaving(row->notes, identity);
  const bool found = before.file.has_value() && !left_by_us;
  if (before.file && !has_size(*before.file, after)) {
    co_return std::unexpected(image_failure(
        step.address, "Another file has the image's name",
        fmt::format("{} exists with {} bytes, where {} are expected. Remove it, or give the image "
                    "another `name`.",
                    text_of(identity, "volid"), integer_of(*before.file, "size"),
                    integer_of(after, "size"))));
  }
  if (before.file && !parse_checksum(text_of(after, "checksum")))
    co_return stored(step.address, step.arguments, found);
  // With a checksum the server checks a file that is there already, and downloads nothing.
  core::Write write(download_request(identity, after, image_node(context.cluster(), identity)));
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
        image_failure(step.address, "The image cannot be placed", image_refusal(after)));
  const auto* row = context.row(step.address);
  if (row != nullptr && !after.is_null())
    co_return stored(step.address, step.arguments, flag_of(row->notes, "found"));
  model::Outcome forgotten;
  forgotten.address = step.address;
  co_return forgotten;
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
  const auto node = image_node(context.cluster(), identity);
  SettleClock clock(intent);
  for (;;) {
    auto trace = co_await follow_task(context, node, "download",
                                      file_of_volume(text_of(identity, "volid")), intent);
    if (trace.open) co_return model::Resolution(model::StillOpen{trace.reason});
    auto seen = co_await look_for_image(context, identity, false);
    if (!seen.available) co_return model::Resolution(model::StillOpen{seen.reason});
    if (seen.file && has_size(*seen.file, after)) {
      model::Done done;
      const auto remembered = argument(intent.arguments, "remember");
      done.outcome = stored(intent.address, intent.arguments, flag_of(remembered, "found"));
      co_return model::Resolution(std::move(done));
    }
    if (seen.file) {
      co_return model::Resolution(model::Taken{image_failure(
          intent.address, "Another file has the image's name",
          text_of(identity, "volid") + " exists with another size. Remove it, or give the "
                                       "image another `name`.")});
    }
    if (trace.failed || clock.has_settled(seen.server_time))
      co_return model::Resolution(model::NotDone());
    co_await context.pause(SettleClock::kPause);
  }
}

}  // namespace pveplan::pve
