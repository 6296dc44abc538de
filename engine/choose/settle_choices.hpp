#pragma once

#include "engine/choose/choose.hpp"

namespace pveplan::engine {

/// What stands for the secrets of each resource, and where.
using SecretDigests =
    std::map<schema::ResourceAddress, std::vector<std::pair<schema::Path, schema::Value>>>;

/// Choices together with what they were made from.
struct SettledChoices {
  SettledChoices() {}  // no aggregate: coroutine parameter (g++ 12)
  Choices choices;
  ChoiceFacts facts;
  SecretDigests digests;
  std::uint64_t reads = 0;  ///< beyond the listing, for new objects only
};

/// The VMIDs of all guests that the state knows.
std::set<std::int64_t> managed_guests(const state::StateFile& state);

/// Chooses, reads what must be known of the surroundings where something is new, and confirms each
/// new VMID with the server. Guests that carry our marker for what would be new are an error.
/// Secrets are replaced by their digests. For a plan `of_a_part` what
/// speaks against single objects is no error but left in the choices' diagnostics.
async::Task<std::expected<SettledChoices, schema::Diagnostics>> settle_choices(
    const Services& services, const schema::Topology& topology, const state::StateFile& state,
    const model::ClusterFacts& cluster, bool of_a_part);

/// Choices for who only looks at what exists: nothing is asked of the server, and what speaks
/// against new objects is nobody's business.
async::Task<schema::Result<SettledChoices>> remembered_choices(const Services& services,
                                                               const schema::Topology& topology,
                                                               const state::StateFile& state,
                                                               const model::ClusterFacts& cluster);

/// Chooses again when living guests turn out to have things in slots that were chosen.
void choose_around_undeclared(SettledChoices& settled, const schema::Topology& topology,
                              const state::StateFile& state, const model::ClusterFacts& cluster,
                              const LiveState& live);

/// Chooses again when a running guest still has an address that its config has given up: nobody
/// else gets it before that guest is restarted.
schema::Diagnostics choose_around_held_addresses(SettledChoices& settled,
                                                 const schema::Topology& topology,
                                                 const state::StateFile& state,
                                                 const model::ClusterFacts& cluster,
                                                 const LiveState& live);

}  // namespace pveplan::engine
