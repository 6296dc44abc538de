#include "lab/api/areas.hpp"
#include "lab/core/call.hpp"

namespace pveplan::lab {
namespace {

using schema::Value;

Reply version(Call& call) {
  const Release& release = call.world.release;
  return Value::map({{"version", str(release.version)},
                     {"release", str(release.release)},
                     {"repoid", str(release.repository_id)}});
}

}  // namespace

void add_version_calls(ApiTable& api) {
  api.get("/version", version).allowed(everyone());
  api.get("/nodes/{node}/version", version).allowed(everyone()).on_node();
}

}  // namespace pveplan::lab
