#include "state/state_file.hpp"

#include <fmt/format.h>

namespace pveplan::state {
namespace {

bool names_a_cluster(const std::string& identity) {
  return !identity.empty() && identity != "none";
}

schema::Diagnostic other_cluster(const StateFile& state, const std::string& cluster) {
  const auto& shown = state.cluster_name.empty() ? state.cluster : state.cluster_name;
  if (!names_a_cluster(cluster)) {
    return schema::error(
        "State of another cluster",
        fmt::format("The state of topology '{}' describes objects on the cluster '{}', but the "
                    "topology names no cluster any more. Put its [proxmox] block back.",
                    state.topology, shown));
  }
  return schema::error(
      "State of another cluster",
      fmt::format(
          "The state of topology '{}' belongs to the cluster '{}' (identity {}), but the "
          "server that answers has the identity {}. Check the endpoint. If the cluster has a "
          "renewed certificate authority: `pveplan state accept --cluster`.",
          state.topology, shown, state.cluster, cluster));
}

}  // namespace

const model::Row* StateFile::row(const schema::ResourceAddress& address) const {
  const auto at = rows.find(address);
  return at == rows.end() ? nullptr : &at->second;
}

schema::Result<void> check_origin(const StateFile& state, const std::string& topology,
                                  const std::string& cluster) {
  if (!state.topology.empty() && state.topology != topology) {
    return std::unexpected(schema::error(
        "State of another topology",
        fmt::format("The state belongs to the topology '{}', not to '{}'. Each topology keeps its "
                    "state in a folder of its own; give the topology its old name back, or start "
                    "with an empty folder.",
                    state.topology, topology)));
  }
  if (names_a_cluster(state.cluster) && state.cluster != cluster) {
    return std::unexpected(other_cluster(state, cluster));
  }
  return {};
}

}  // namespace pveplan::state
