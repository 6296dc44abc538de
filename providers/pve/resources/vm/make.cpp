#include "providers/pve/resources/vm/make.hpp"

#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/guest_goal.hpp"
#include "providers/pve/guest/make_guest.hpp"
#include "providers/pve/guest/part_names.hpp"
#include "providers/pve/guest/step_support.hpp"
#include "providers/pve/guest_codec/drive.hpp"
#include "providers/pve/guest_codec/nic.hpp"
#include "providers/pve/size_text.hpp"

#include <fmt/format.h>

namespace pveplan::pve {
namespace {

using schema::Value;

std::int64_t vmid_of(const Value& arguments) {
  return integer_of(argument(arguments, "identity"), "vmid");
}
std::string node_of_arguments(const Value& arguments) {
  return text_of(argument(arguments, "identity"), "node");
}

Marker marker_of(const core::Context& context, const schema::ResourceAddress& address,
                 std::int64_t vmid, const std::string& nonce) {
  return {context.topology(), address.text(), vmid, nonce};
}

/// The row of a guest that is being made: everything but uuid and volumes is known.
model::Row row_in_making(const schema::ResourceSchema& schema,
                         const schema::ResourceAddress& address, const Value& arguments,
                         const std::string& nonce) {
  model::Row row;
  row.address = address;
  row.schema_version = schema.version;
  row.identity = argument(arguments, "identity");
  row.owned = argument(arguments, "after");
  row.parts = parts_of(row.owned, GuestConfig(), {});
  row.exported = guest_exports(row.owned, row.identity);
  row.nonce = nonce;
  note_edition(row, arguments);
  set_unfinished(row, unfinished_of(arguments, "then"));
  return row;
}

/// What a clone does not get from its template is written by the next step; a secret above all.
model::Row row_in_cloning(const schema::ResourceSchema& schema,
                          const schema::ResourceAddress& address, const Value& arguments,
                          const std::string& nonce, const model::Row& source) {
  auto row = row_in_making(schema, address, arguments, nonce);
  // Proxmox deletes no template that this one has its disks from.
  if (text_of(argument(arguments, "after"), "clone") == "linked")
    set_note(row, "linked_to", argument(source.identity, "vmid"));
  row.owned = row.owned.with(schema::Path::parse("cloud_init.password"), Value());
  return row;
}

MakingPlace place_of_create(const Value& arguments) {
  MakingPlace place;
  place.vmid = vmid_of(arguments);
  place.node = place.task_node = node_of_arguments(arguments);
  place.task_type = "qmcreate";
  place.task_id = std::to_string(place.vmid);
  return place;
}

/// The template to clone, as the state knows it; of one that is not declared, where the plan found
/// it.
std::optional<model::Row> template_of(const core::Context& context, const Value& arguments) {
  constexpr std::string_view kLive = "live:";
  const auto name = text_of(argument(arguments, "after"), "template");
  if (!name.starts_with(kLive)) {
    const auto* row = row_on_node(context, "template", name, node_of_arguments(arguments));
    return row == nullptr ? std::nullopt : std::optional(*row);
  }
  const auto vmid = parse_integer(name.substr(kLive.size())).value_or(0);
  const auto* listed = context.cluster().guest(vmid);
  if (listed == nullptr || listed->container || !listed->is_template) return std::nullopt;
  model::Row row;
  row.identity =
      Value::map({{"vmid", Value::integer(vmid)}, {"node", Value::string(listed->node)}});
  return row;
}

MakingPlace place_of_clone(const Value& arguments, const model::Row& source) {
  MakingPlace place;
  place.vmid = vmid_of(arguments);
  place.node = node_of_arguments(arguments);
  place.task_node = text_of(source.identity, "node");
  place.task_type = "qmclone";
  place.task_id = text_of(source.identity, "vmid");
  return place;
}

std::string disk_storage(const Value& after) {
  const auto* storage = after.find(schema::Path::parse("disk.os.storage"));
  return storage == nullptr ? std::string() : as_text(storage);
}

core::ApiRequest clone_request(const core::Context& context, const model::Step& step,
                               const model::Row& source) {
  const auto after = argument(step.arguments, "after");
  const auto place = place_of_clone(step.arguments, source);
  const bool full = text_of(after, "clone") != "linked";
  const auto text = text_of(after, "description");
  core::Parameters parameters{
      {"newid", std::to_string(place.vmid)},
      {"full", full ? "1" : "0"},
      {"description",
       join_description(text, marker_of(context, step.address, place.vmid, context.nonce()))}};
  if (const auto name = text_of(after, "name"); !name.empty())
    parameters.emplace_back("name", name);
  if (const auto storage = disk_storage(after); full && !storage.empty())
    parameters.emplace_back("storage", storage);
  if (place.node != place.task_node) parameters.emplace_back("target", place.node);
  if (const auto pool = text_of(after, "pool"); !pool.empty())
    parameters.emplace_back("pool", pool_id(context, pool));
  return core::ApiRequest(
      "POST", guest_path(place.task_node, integer_of(source.identity, "vmid"), "/clone"),
      std::move(parameters));
}

schema::Diagnostic no_template(const model::Step& step) {
  const auto name = text_of(argument(step.arguments, "after"), "template");
  if (name.starts_with("live:"))
    return step_failed(step.address, "The template is gone",
                       fmt::format("{} is cloned from {}, which is no template of the cluster any "
                                   "more. Plan again.",
                                   step.address.text(), name.substr(5)));
  return step_failed(
      step.address, "The template is not in the state",
      fmt::format("{} needs template.{} on {}, which the state does not hold there. Plan again.",
                  step.address.text(), text_of(argument(step.arguments, "after"), "template"),
                  node_of_arguments(step.arguments)));
}

/// A clone's disks lie where the template's do. Empty when that is where they are wanted.
std::string misplaced_disk(const Value& after, const model::Row& source) {
  const auto* disks = member(after, "disk");
  for (const auto& [name, disk] : disks == nullptr ? by_slot(Value()) : by_slot(*disks)) {
    const auto part = source.parts.find(part_key("disk", name));
    if (part == source.parts.end()) continue;
    const auto there = text_of(part->second.identity, "slot");
    const auto wanted = text_of(disk, "slot");
    if (!there.empty() && !wanted.empty() && there != wanted)
      return fmt::format("disk.{} of the template lies in {}, and a clone cannot move it to {}.",
                         name, there, wanted);
  }
  return {};
}

/// Whether only the template itself tells how large its disk is, which the clone's must not be
/// smaller than.
bool depends_on_size(const Value& after, const model::Row& source) {
  const auto path = schema::Path::parse("disk.os.size");
  return after.find(path) != nullptr && source.owned.find(path) == nullptr;
}

/// No disk shrinks (FACTS 10.1). Empty where the copy can have the wanted size.
std::string oversized_disk(const Value& after, const model::Row& source, const Guest& copied) {
  const auto part = source.parts.find(part_key("disk", "os"));
  const auto* disk = after.find(schema::Path::parse("disk.os"));
  const auto slot =
      part == source.parts.end() ? text_of(*disk, "slot") : text_of(part->second.identity, "slot");
  const auto least = Drive::parse(copied.config.text(slot)).bytes().value_or(0);
  const auto wanted = integer_of(*disk, "size");
  if (wanted >= least) return {};
  return fmt::format(
      "disk.os of the template is {0} large, and its copy cannot shrink to {1}. Write at least "
      "{0}, or leave the size out.",
      readable_bytes(least), readable_bytes(wanted));
}

}  // namespace

async::Task<RunResult> run_create_vm(core::Context context, const schema::ResourceSchema* schema,
                                     model::Step step) {
  const auto place = place_of_create(step.arguments);
  const auto after = argument(step.arguments, "after");
  auto goal = goal_of(context, *schema, step.address, after, place.node);
  if (!goal) co_return std::unexpected(goal.error());
  goal->marker = marker_of(context, step.address, place.vmid, context.nonce());
  auto parameters = config_request(*goal).set;
  parameters.emplace_back("vmid", std::to_string(place.vmid));
  if (const auto pool = text_of(after, "pool"); !pool.empty())
    parameters.emplace_back("pool", pool_id(context, pool));
  Making making(core::ApiRequest("POST", fmt::format("/nodes/{}/qemu", place.node), parameters),
                place, row_in_making(*schema, step.address, step.arguments, context.nonce()));
  if (changes_password(Value(), after)) {
    auto text = co_await context.secret("cloud_init.password");
    if (!text) co_return std::unexpected(text.error());
    making.secrets.emplace_back("cipassword", *text);
  }
  auto made = co_await make_guest(context, std::move(making));
  co_return std::move(made);
}

async::Task<RunResult> run_clone_vm(core::Context context, const schema::ResourceSchema* schema,
                                    model::Step step) {
  const auto source = template_of(context, step.arguments);
  if (!source) co_return std::unexpected(no_template(step));
  const auto misplaced = misplaced_disk(argument(step.arguments, "after"), *source);
  if (!misplaced.empty())
    co_return std::unexpected(step_failed(step.address, "The slot is the template's", misplaced));
  if (depends_on_size(argument(step.arguments, "after"), *source)) {
    auto look = co_await look_at_guest(context, text_of(source->identity, "node"),
                                       integer_of(source->identity, "vmid"));
    const auto oversized =
        look.found == GuestLook::Found::here
            ? oversized_disk(argument(step.arguments, "after"), *source, look.guest)
            : std::string();
    if (!oversized.empty())
      co_return std::unexpected(
          step_failed(step.address, "Disk smaller than its template's", oversized));
  }
  Making making(clone_request(context, step, *source), place_of_clone(step.arguments, *source),
                row_in_cloning(*schema, step.address, step.arguments, context.nonce(), *source));
  auto made = co_await make_guest(context, std::move(making));
  co_return std::move(made);
}

async::Task<SettleResult> settle_vm_making(core::Context context,
                                           const schema::ResourceSchema* schema,
                                           model::Intent intent) {
  const bool clone = intent.operation == "clone";
  std::optional<model::Row> source;
  if (clone) source = template_of(context, intent.arguments);
  if (clone && !source)
    co_return model::Resolution(
        model::StillOpen{"the template that was to be cloned is not known any more"});
  const auto place =
      clone ? place_of_clone(intent.arguments, *source) : place_of_create(intent.arguments);
  auto made = co_await settle_making(context, intent, place);
  std::optional<model::Row> row;
  if (made.end == MadeGuest::End::ours) {
    auto begun =
        clone ? row_in_cloning(*schema, intent.address, intent.arguments, intent.nonce, *source)
              : row_in_making(*schema, intent.address, intent.arguments, intent.nonce);
    row = row_of_made(std::move(begun), made.guest);
  }
  co_return resolution_of(made, intent.address, place.vmid, std::move(row));
}

}  // namespace pveplan::pve
