#pragma once

#include "lab/core/call.hpp"
#include "lab/core/tasks.hpp"

#include <optional>
#include <string>

/// The work of tasks on virtual machines, by the names that registry.cpp gives to it, and what
/// several calls share.
namespace pveplan::lab {

/// nullptr when the kind is not about virtual machines.
WorkFunction find_qemu_work(const std::string& kind);

PhaseResult create_machine_work(Work& work);
PhaseResult config_machine_work(Work& work);
PhaseResult start_machine_work(Work& work);
PhaseResult stop_machine_work(Work& work);
PhaseResult shutdown_machine_work(Work& work);
PhaseResult restart_machine_work(Work& work);
PhaseResult reset_machine_work(Work& work);
PhaseResult pause_machine_work(Work& work);
PhaseResult resume_machine_work(Work& work);
PhaseResult destroy_machine_work(Work& work);
PhaseResult clone_machine_work(Work& work);
PhaseResult template_machine_work(Work& work);
PhaseResult resize_disk_work(Work& work);
PhaseResult move_disk_work(Work& work);
PhaseResult snapshot_work(Work& work);
PhaseResult drop_snapshot_work(Work& work);
PhaseResult rollback_work(Work& work);

void drop_new_machine(World& world, const Event& event);
void drop_new_clone(World& world, const Event& event);

/// The text that a task was started with, empty when there is none.
std::string argument(const Work& work, const std::string& name);
int vmid_argument(const schema::Value& arguments);

/// Starts the machine as its own task would: the number of warnings, or the exit status.
std::expected<int, std::string> start_machine_now(Work& work, int vmid);
/// The process ends: pending values become the current ones.
void end_process(Work& work, int vmid, Guest& guest);

/// The parameters of a call that are options of a machine, `cdrom` under its true name.
GuestOptions given_options(const Call& call);
/// Options as a call sends them become what is stored: MACs are drawn, tags put in order.
Attempt<GuestOptions> prepared_options(Call& call, GuestOptions options, bool creating);
/// "SSH public key validation error" for what ssh-keygen would refuse.
Attempt<void> check_ssh_keys(const std::string& encoded);

/// Puts a guest into a pool, or takes it out of all.
void join_pool(World& world, const std::string& pool, int vmid);
void leave_pools(World& world, int vmid);

}  // namespace pveplan::lab
