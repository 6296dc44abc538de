// All calls on virtual machines, and the work behind their events.

#include "lab/api/areas.hpp"
#include "lab/api/qemu_calls.hpp"
#include "lab/api/qemu_work.hpp"

#include <map>

namespace pveplan::lab {

void add_qemu_calls(ApiTable& api) {
  for (const auto add : {add_qemu_read_calls, add_qemu_create_calls, add_qemu_update_calls,
                         add_qemu_power_calls, add_qemu_destroy_calls, add_qemu_clone_calls,
                         add_qemu_template_calls, add_qemu_volume_calls, add_qemu_snapshot_calls,
                         add_qemu_cloudinit_calls, add_qemu_agent_calls}) {
    add(api);
  }
}

WorkFunction find_qemu_work(const std::string& kind) {
  static const std::map<std::string, WorkFunction> kWork{
      {"qemu-create", create_machine_work},     {"qemu-config", config_machine_work},
      {"qemu-start", start_machine_work},       {"qemu-stop", stop_machine_work},
      {"qemu-shutdown", shutdown_machine_work}, {"qemu-restart", restart_machine_work},
      {"qemu-reset", reset_machine_work},       {"qemu-pause", pause_machine_work},
      {"qemu-resume", resume_machine_work},     {"qemu-destroy", destroy_machine_work},
      {"qemu-clone", clone_machine_work},       {"qemu-template", template_machine_work},
      {"qemu-resize", resize_disk_work},        {"qemu-move", move_disk_work},
      {"qemu-snapshot", snapshot_work},         {"qemu-drop-snapshot", drop_snapshot_work},
      {"qemu-rollback", rollback_work},
  };
  const auto found = kWork.find(kind);
  return found == kWork.end() ? nullptr : found->second;
}

CleanupFunction find_cleanup(const std::string& kind) {
  static const std::map<std::string, CleanupFunction> kCleanups{
      {"qemu-create", drop_new_machine},
      {"qemu-clone", drop_new_clone},
  };
  const auto found = kCleanups.find(kind);
  return found == kCleanups.end() ? nullptr : found->second;
}

}  // namespace pveplan::lab
