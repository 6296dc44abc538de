#include "providers/pve/resources/image/removal.hpp"

#include "providers/pve/client/encoding.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/guest_row.hpp"
#include "providers/pve/resources/image/look.hpp"
#include "providers/pve/settle/settle.hpp"

#include <algorithm>

namespace pveplan::pve {

using core::WriteResult;
using schema::Value;

std::vector<model::Identity> leaving_images(const Value& holder) {
  const auto* list = member(holder, "leaving");
  const bool holds = list != nullptr && list->kind() == Value::Kind::list;
  return holds ? list->as_list() : std::vector<model::Identity>();
}

bool is_leaving(const Value& holder, const model::Identity& identity) {
  const auto leaving = leaving_images(holder);
  return std::find(leaving.begin(), leaving.end(), identity) != leaving.end();
}

void set_leaving_images(model::Row& row, std::vector<model::Identity> leaving) {
  set_unfinished(row, leaving.empty() ? std::vector<std::string>()
                                      : std::vector<std::string>{kDeleteOldImage});
  set_note(row, "leaving", leaving.empty() ? Value() : Value::list(std::move(leaving)));
}

namespace {

/// The row goes with its own file, and stays when only an older one has gone.
model::Outcome deleted(const core::Context& context, const schema::ResourceAddress& address,
                       const std::string& operation, const model::Identity& identity) {
  model::Outcome outcome;
  outcome.address = address;
  const auto* row = context.row(address);
  if (operation != kDeleteOldImage || row == nullptr) return outcome;
  auto kept = *row;
  auto leaving = leaving_images(kept.notes);
  std::erase(leaving, identity);
  set_leaving_images(kept, std::move(leaving));
  outcome.row = std::move(kept);
  return outcome;
}

}  // namespace

async::Task<schema::Result<model::Outcome>> run_image_delete(core::Context context,
                                                             model::Step step) {
  const auto identity = argument(step.arguments, "identity");
  auto before = co_await look_for_image(context, identity, false);
  if (!before.available)
    co_return std::unexpected(
        image_failure(step.address, "The storage cannot be used",
                      "The image cannot be deleted, since " + before.reason + "."));
  if (!before.file) co_return deleted(context, step.address, step.operation, identity);
  const auto node = image_node(context.cluster(), identity);
  core::Write write(
      core::ApiRequest("DELETE", image_content_path(node, text_of(identity, "storage")) + "/" +
                                     percent_encode(text_of(identity, "volid"))));
  write.forks_task = true;
  auto result = co_await context.write(std::move(write));
  if (result.status != WriteResult::Status::done)
    co_return std::unexpected(diagnostic_of(result, step.address));
  co_return deleted(context, step.address, step.operation, identity);
}

/// Deleting a file twice could hit the one that somebody has put there meanwhile, so it is looked
/// after until the first request can have no effect any more. The task of a file that belongs to no
/// guest is named after its storage.
async::Task<schema::Result<model::Resolution>> settle_image_delete(core::Context context,
                                                                   model::Intent intent) {
  const auto identity = argument(intent.arguments, "identity");
  const auto node = image_node(context.cluster(), identity);
  SettleClock clock(intent);
  for (;;) {
    auto trace =
        co_await follow_task(context, node, "imgdel", text_of(identity, "storage"), intent);
    if (trace.open) co_return model::Resolution(model::StillOpen{trace.reason});
    auto seen = co_await look_for_image(context, identity, false);
    if (!seen.available) co_return model::Resolution(model::StillOpen{seen.reason});
    if (!seen.file) {
      model::Done done;
      done.outcome = deleted(context, intent.address, intent.operation, identity);
      co_return model::Resolution(std::move(done));
    }
    if (trace.failed || clock.has_settled(seen.server_time))
      co_return model::Resolution(model::NotDone());
    co_await context.pause(SettleClock::kPause);
  }
}

}  // namespace pveplan::pve
