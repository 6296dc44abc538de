#pragma once

#include "lab/core/api_table.hpp"

/// One function for each area of the API: adds its calls to the table. A new area is a file with
/// its handlers and such a function at its end, a line here and one in registry.cpp; work that goes
/// on after the answer is a function registered there by the name that its events carry.
namespace pveplan::lab {

void add_version_calls(ApiTable& api);
void add_index_calls(ApiTable& api);
void add_login_calls(ApiTable& api);
void add_permission_calls(ApiTable& api);
void add_user_calls(ApiTable& api);
void add_token_calls(ApiTable& api);
void add_group_calls(ApiTable& api);
void add_role_calls(ApiTable& api);
void add_acl_calls(ApiTable& api);
void add_pool_calls(ApiTable& api);
void add_node_calls(ApiTable& api);
void add_cluster_calls(ApiTable& api);
void add_cluster_option_calls(ApiTable& api);
void add_task_calls(ApiTable& api);
void add_storage_list_calls(ApiTable& api);
void add_storage_definition_calls(ApiTable& api);
void add_storage_content_calls(ApiTable& api);
void add_storage_fetch_calls(ApiTable& api);
void add_storage_upload_calls(ApiTable& api);
void add_capability_calls(ApiTable& api);
void add_guest_list_calls(ApiTable& api);
void add_network_calls(ApiTable& api);
void add_qemu_calls(ApiTable& api);
void add_certificate_calls(ApiTable& api);

}  // namespace pveplan::lab
