#include "engine/cli/program.hpp"

#include "engine/cli/commands.hpp"
#include "engine/cli/event_output.hpp"
#include "providers/core/resources/ip_pool/ip_pool.hpp"
#include "providers/core/resources/ip_pool/schema.hpp"
#include "providers/core/resources/output/output.hpp"
#include "providers/core/resources/output/schema.hpp"
#include "providers/core/resources/record/record.hpp"
#include "providers/core/resources/record/schema.hpp"
#include "providers/pve/resources/bridge/bridge.hpp"
#include "providers/pve/resources/bridge/schema.hpp"
#include "providers/pve/resources/image/image.hpp"
#include "providers/pve/resources/image/schema.hpp"
#include "providers/pve/resources/pool/pool.hpp"
#include "providers/pve/resources/pool/schema.hpp"
#include "providers/pve/resources/template/schema.hpp"
#include "providers/pve/resources/template/template.hpp"
#include "providers/pve/resources/vm/schema.hpp"
#include "providers/pve/resources/vm/vm.hpp"

namespace pveplan::cli {

const schema::ResourceSchema& KnownTypes::keep(schema::ResourceSchema schema) {
  kept_.push_back(std::move(schema));
  schemas_.add(kept_.back());
  return kept_.back();
}

KnownTypes::KnownTypes() {
  types_.add(std::make_unique<core::IpPoolType>(keep(core::ip_pool_schema())));
  types_.add(std::make_unique<core::OutputType>(keep(core::output_schema())));
  types_.add(std::make_unique<core::RecordType>(keep(core::record_schema())));
  types_.add(std::make_unique<pve::PoolType>(keep(pve::pool_schema())));
  types_.add(std::make_unique<pve::BridgeType>(keep(pve::bridge_schema())));
  types_.add(std::make_unique<pve::ImageType>(keep(pve::image_schema())));
  types_.add(std::make_unique<pve::TemplateType>(keep(pve::template_schema())));
  types_.add(std::make_unique<pve::VmType>(keep(pve::vm_schema())));
}

const char* program_version() { return "0.1.0"; }

bool Program::colour(const Options& options) const {
  const auto& environment = host.environment;
  const auto no_colour = environment.variable("NO_COLOR");
  return environment.output_is_terminal() && !options.no_colour &&
         (!no_colour || no_colour->empty());
}

async::Task<int> run_command(Program& program, Options options) {
  if (options.json || !options.json_into.empty())
    return run_with_events(program, std::move(options));
  return run_plain_command(program, std::move(options));
}

async::Task<int> run_plain_command(Program& program, Options options) {
  const auto& name = options.command;
  if (name == "init") return run_init(program, std::move(options));
  if (name == "validate") return run_validate(program, std::move(options));
  if (name == "plan") return run_plan(program, std::move(options));
  if (name == "apply" || name == "destroy" || name == "refresh")
    return run_apply(program, std::move(options));
  if (name == "drift") return run_drift(program, std::move(options));
  if (name == "lock") return run_lock(program, std::move(options));
  if (name == "output") return run_output(program, std::move(options));
  if (name == "show") return run_show(program, std::move(options));
  if (name == "state list") return run_state_list(program, std::move(options));
  if (name == "state show") return run_state_show(program, std::move(options));
  if (name == "state rm") return run_state_rm(program, std::move(options));
  if (name == "schema") return run_schema(program, std::move(options));
  if (name == "state mv") return run_state_mv(program, std::move(options));
  if (name == "state pull") return run_state_pull(program, std::move(options));
  if (name == "state push") return run_state_push(program, std::move(options));
  if (name == "state rebuild") return run_state_rebuild(program, std::move(options));
  if (name == "state accept") return run_state_accept(program, std::move(options));
  if (name == "state unlock") return run_state_unlock(program, std::move(options));
  if (name.starts_with("lab ")) return run_lab(program, std::move(options));
  return run_graph(program, std::move(options));
}

}  // namespace pveplan::cli
