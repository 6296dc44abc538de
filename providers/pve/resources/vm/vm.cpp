#include "providers/pve/resources/vm/vm.hpp"

#include "providers/pve/guest/guest_row.hpp"
#include "providers/pve/guest/guest_steps.hpp"
#include "providers/pve/guest/read_guest.hpp"
#include "providers/pve/resources/vm/lower.hpp"
#include "providers/pve/resources/vm/make.hpp"

namespace pveplan::pve {

using model::ResolverClass;

const std::vector<model::OperationSpec>& VmType::operations() const {
  using std::chrono::seconds;
  static const std::vector<model::OperationSpec> kOperations = {
      {"create", ResolverClass::keyed_create, seconds(30)},
      {"clone", ResolverClass::keyed_create, seconds(60)},
      {"configure", ResolverClass::digest_guarded, seconds(2)},
      {"resize", ResolverClass::goal_state, seconds(3)},
      {"pool", ResolverClass::goal_state, seconds(1)},
      {"discard", ResolverClass::goal_state, seconds(2)},
      {"start", ResolverClass::goal_state, seconds(5)},
      {"shutdown", ResolverClass::goal_state, seconds(20)},
      {"reboot", ResolverClass::goal_state, seconds(30)},
      {"wait", ResolverClass::goal_state, seconds(30)},
      {"delete", ResolverClass::goal_state, seconds(5)},
      {"refuse", ResolverClass::engine_only, seconds(0)},
  };
  return kOperations;
}

model::Identity VmType::identity(const schema::ResourceAddress& address,
                                 const schema::Value& desired) const {
  return planned_identity(address, desired);
}

model::Identity VmType::adopted_identity(const schema::ResourceAddress&,
                                         const schema::Value& desired,
                                         const std::string& id) const {
  return adopted_guest_identity(desired, id);
}

schema::Value VmType::exports(const schema::ResourceAddress&, const schema::Value& after,
                              const model::Identity& identity) const {
  return guest_exports(after, identity);
}

async::Task<schema::Result<model::ReadOutcome>> VmType::read(core::Context context,
                                                             model::Identity identity,
                                                             const model::Row* row) const {
  return read_guest(context, &schema_, std::move(identity), row);
}

std::vector<model::Step> VmType::lower(const model::Change& change) const {
  return lower_vm(change);
}

async::Task<RunResult> VmType::run(core::Context context, model::Step step) const {
  const auto operation = step.operation;
  if (operation == "create") return run_create_vm(context, &schema_, std::move(step));
  if (operation == "clone") return run_clone_vm(context, &schema_, std::move(step));
  if (operation == "configure") return run_configure(context, &schema_, std::move(step));
  if (operation == "resize") return run_resize(context, std::move(step));
  if (operation == "pool") return run_pool(context, std::move(step));
  if (operation == "discard") return run_discard(context, std::move(step));
  if (operation == "delete") return run_delete(context, std::move(step));
  if (operation == "refuse") return run_refuse(std::move(step));
  if (operation == "wait") return run_wait(context, std::move(step));
  return run_power(context, std::move(step));
}

async::Task<SettleResult> VmType::resolve(core::Context context, model::Intent intent) const {
  const auto operation = intent.operation;
  if (operation == "create" || operation == "clone")
    return settle_vm_making(context, &schema_, std::move(intent));
  if (operation == "configure") return settle_configure(context, &schema_, std::move(intent));
  if (operation == "resize") return settle_resize(context, std::move(intent));
  if (operation == "pool") return settle_pool(context, std::move(intent));
  if (operation == "discard") return settle_discard(context, std::move(intent));
  if (operation == "delete") return settle_delete(context, std::move(intent));
  return settle_power(context, std::move(intent));
}

}  // namespace pveplan::pve
