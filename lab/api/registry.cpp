// The two registers of the lab: which calls exist, and which functions do the work of events.

#include "lab/api/areas.hpp"
#include "lab/api/network_reload.hpp"
#include "lab/api/qemu_work.hpp"
#include "lab/api/storage_tasks.hpp"
#include "lab/core/faults.hpp"
#include "lab/core/tasks.hpp"

namespace pveplan::lab {
namespace {

ApiTable make_table(int major) {
  ApiTable api(major);
  for (const auto add : {add_version_calls,
                         add_index_calls,
                         add_login_calls,
                         add_permission_calls,
                         add_user_calls,
                         add_token_calls,
                         add_group_calls,
                         add_role_calls,
                         add_acl_calls,
                         add_pool_calls,
                         add_node_calls,
                         add_cluster_calls,
                         add_cluster_option_calls,
                         add_task_calls,
                         add_storage_list_calls,
                         add_storage_definition_calls,
                         add_storage_content_calls,
                         add_storage_fetch_calls,
                         add_storage_upload_calls,
                         add_capability_calls,
                         add_guest_list_calls,
                         add_network_calls,
                         add_certificate_calls,
                         add_qemu_calls}) {
    add(api);
  }
  api.finish();
  return api;
}

}  // namespace

const ApiTable& api_table(int major) {
  static const ApiTable kEight = make_table(8);
  static const ApiTable kNine = make_table(9);
  return major >= 9 ? kNine : kEight;
}

WorkFunction find_work(const std::string& kind) {
  static const std::map<std::string, WorkFunction> kWork{
      {"delete-volume", delete_volume}, {"download-file", download_file},
      {"import-upload", import_upload}, {"late-request", run_late_request},
      {"node-up", bring_node_up},       {"reload-network", reload_network},
  };
  const auto found = kWork.find(kind);
  return found == kWork.end() ? find_qemu_work(kind) : found->second;
}

}  // namespace pveplan::lab
