#pragma once

#include "lab/core/api_table.hpp"

/// The calls on virtual machines, a function for each file.
namespace pveplan::lab {

void add_qemu_read_calls(ApiTable& api);
void add_qemu_create_calls(ApiTable& api);
void add_qemu_update_calls(ApiTable& api);
void add_qemu_power_calls(ApiTable& api);
void add_qemu_destroy_calls(ApiTable& api);
void add_qemu_clone_calls(ApiTable& api);
void add_qemu_template_calls(ApiTable& api);
void add_qemu_volume_calls(ApiTable& api);
void add_qemu_snapshot_calls(ApiTable& api);
void add_qemu_cloudinit_calls(ApiTable& api);
void add_qemu_agent_calls(ApiTable& api);

}  // namespace pveplan::lab
