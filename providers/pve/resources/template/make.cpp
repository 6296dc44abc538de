#include "providers/pve/resources/template/make.hpp"

#include "providers/pve/client/encoding.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/guest_goal.hpp"
#include "providers/pve/guest/make_guest.hpp"
#include "providers/pve/guest/step_support.hpp"

#include <fmt/format.h>

namespace pveplan::pve {
namespace {

using schema::Path;
using schema::Value;

constexpr auto kSystemSlot = "scsi0";

/// The key's node, else one that is online and has the storage.
std::string making_node(const core::Context& context, const Value& arguments) {
  auto node = text_of(argument(arguments, "identity"), "node");
  const auto storage = text_of(argument(arguments, "after"), "storage");
  for (const auto& each : context.cluster().storages) {
    const auto* facts = context.cluster().node(each.node);
    if (node.empty() && each.storage == storage && each.available && facts != nullptr &&
        facts->online)
      node = each.node;
  }
  return node;
}

/// The template's attributes as those of a VM: its disk gets slot and storage.
Value as_vm(const Value& after) {
  auto result = after.with(Path::parse("disk.os.slot"), Value::string(kSystemSlot));
  result = result.with(Path::parse("disk.os.storage"), argument(after, "storage"));
  const bool has_agent = text_of(after, "guest_agent") == "present";
  if (has_agent && member(after, "agent") == nullptr)
    result = result.with(Path({"agent"}), Value::boolean(true));
  return result;
}

MakingPlace place_of(const Value& arguments, const std::string& node) {
  MakingPlace place;
  place.vmid = integer_of(argument(arguments, "identity"), "vmid");
  place.node = place.task_node = node;
  place.task_type = "qmcreate";
  place.task_id = std::to_string(place.vmid);
  return place;
}

Value template_exports(const model::Row& row) {
  return Value::map({{"id", argument(row.identity, "vmid")},
                     {"node", argument(row.identity, "node")},
                     {"storage", argument(row.owned, "storage")}});
}

model::Row row_in_making(const schema::ResourceSchema& schema,
                         const schema::ResourceAddress& address, const Value& arguments,
                         const std::string& node, const std::string& nonce) {
  model::Row row;
  row.address = address;
  row.schema_version = schema.version;
  row.identity = argument(arguments, "identity").with(Path({"node"}), Value::string(node));
  row.owned = argument(arguments, "after");
  row.parts = parts_of(as_vm(row.owned), GuestConfig(), {});
  row.exported = template_exports(row);
  row.nonce = nonce;
  note_edition(row, arguments);
  set_unfinished(row, unfinished_of(arguments, "then"));
  return row;
}

/// With what only the server knows: uuid and volume.
model::Row with_read_back(model::Row row, const Guest& guest) {
  row.identity = identity_of(guest);
  row.parts = parts_of(as_vm(row.owned), guest.config, row.parts);
  row.exported = template_exports(row);
  return row;
}

bool is_template(const Guest& guest) { return guest.config.text("template") == "1"; }

}  // namespace

async::Task<RunResult> run_create_template(core::Context context,
                                           const schema::ResourceSchema* schema, model::Step step) {
  const auto node = making_node(context, step.arguments);
  const auto place = place_of(step.arguments, node);
  const auto after = argument(step.arguments, "after");
  auto goal = goal_of(context, *schema, step.address, as_vm(after), node);
  if (!goal) co_return std::unexpected(goal.error());
  goal->marker = Marker{context.topology(), step.address.text(), place.vmid, context.nonce()};
  goal->cloud_init_drive = true;
  auto parameters = config_request(*goal).set;
  parameters.emplace_back("vmid", std::to_string(place.vmid));
  if (const auto pool = text_of(after, "pool"); !pool.empty())
    parameters.emplace_back("pool", pool_id(context, pool));
  Making making(
      core::ApiRequest("POST", fmt::format("/nodes/{}/qemu", percent_encode(node)), parameters),
      place, row_in_making(*schema, step.address, step.arguments, node, context.nonce()));
  auto made = co_await make_guest(context, std::move(making));
  if (made && made->row) made->row->exported = template_exports(*made->row);
  co_return std::move(made);
}

async::Task<SettleResult> settle_template_making(core::Context context,
                                                 const schema::ResourceSchema* schema,
                                                 model::Intent intent) {
  const auto node = making_node(context, intent.arguments);
  const auto place = place_of(intent.arguments, node);
  auto made = co_await settle_making(context, intent, place);
  std::optional<model::Row> row;
  if (made.end == MadeGuest::End::ours)
    row = with_read_back(
        row_in_making(*schema, intent.address, intent.arguments, node, intent.nonce), made.guest);
  co_return resolution_of(made, intent.address, place.vmid, std::move(row));
}

async::Task<RunResult> run_convert(core::Context context, model::Step step) {
  const auto* held = context.row(step.address);
  auto guest = co_await load_ours(context, held);
  if (!guest) co_return std::unexpected(guest.error());
  const model::Row before = *held;
  if (!is_template(*guest)) {
    core::Write write(core::ApiRequest("POST", guest_path(guest->node, guest->vmid, "/template")));
    write.forks_task = true;
    auto result = co_await context.write(std::move(write));
    if (result.status != core::WriteResult::Status::done)
      co_return std::unexpected(diagnostic_of(result, step.address));
    auto look = co_await look_at_guest(context, guest->node, guest->vmid);
    if (look.found == GuestLook::Found::here) *guest = std::move(look.guest);
  }
  co_return stored(with_read_back(row_after(before, step.arguments), *guest));
}

async::Task<SettleResult> settle_convert(core::Context context, model::Intent intent) {
  const auto* held = context.row(intent.address);
  if (held == nullptr) co_return model::Resolution(model::NotDone());
  const model::Row before = *held;
  SettleClock clock(intent);
  for (;;) {
    auto settled = co_await look_after_task(context, intent, "qmtemplate");
    if (settled.open) co_return model::Resolution(model::StillOpen{settled.reason});
    if (!settled.exists) co_return model::Resolution(model::NotDone());
    if (is_template(settled.guest))
      co_return done(stored(with_read_back(row_after(before, intent.arguments), settled.guest)));
    if (settled.can_be_repeated(clock)) co_return model::Resolution(model::NotDone());
    co_await context.pause(SettleClock::kPause);
  }
}

}  // namespace pveplan::pve
