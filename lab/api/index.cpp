// Index pages: what lies below a path. The lists are those of the real one, whether or not the lab
// has the calls behind them.

#include "lab/api/areas.hpp"
#include "lab/core/call.hpp"
#include "lab/core/text.hpp"

#include <map>
#include <string_view>

namespace pveplan::lab {
namespace {

using schema::Value;

struct Index {
  std::string_view path;
  std::string_view key;
  std::string_view entries;
  std::string_view added_in_9;
};

constexpr Index kIndexes[]{
    {"/", "subdir", "version cluster nodes storage access pools", ""},
    {"/cluster", "name",
     "acme backup backup-info ceph config firewall ha jobs log mapping metrics notifications "
     "nextid "
     "options replication resources status tasks sdn",
     "bulk-action qemu"},
    {"/nodes/{node}", "name",
     "aplinfo apt capabilities ceph certificates config disks dns firewall hardware hosts journal "
     "lxc "
     "migrateall netstat network qemu query-url-metadata replication report rrd rrddata scan sdn "
     "services spiceshell startall status stopall storage subscription suspendall syslog tasks "
     "termproxy time version vncshell vzdump wakeonlan",
     "query-oci-repo-tags"},
    {"/nodes/{node}/tasks/{upid}", "name", "log status", ""},
};

Reply index(Call& call) {
  Value::List list;
  for (const Index& entry : kIndexes) {
    if (entry.path != call.endpoint.path) continue;
    std::string names(entry.entries);
    if (call.major() >= 9) names += " " + std::string(entry.added_in_9);
    for (const std::string& name : split_list(names)) {
      list.push_back(Value::map({{std::string(entry.key), str(name)}}));
    }
  }
  return Value::list(std::move(list));
}

}  // namespace

void add_index_calls(ApiTable& api) {
  api.get("/", index).allowed(everyone());
  api.get("/cluster", index).allowed(everyone());
  api.get("/nodes/{node}", index).allowed(everyone()).takes({node_name()});
  api.get("/nodes/{node}/tasks/{upid}", index)
      .allowed(everyone())
      .takes({node_name(), text("upid")});
}

}  // namespace pveplan::lab
