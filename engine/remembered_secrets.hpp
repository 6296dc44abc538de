#pragma once

#include "engine/plan_value.hpp"
#include "schema/topology.hpp"

namespace pveplan::engine {

/// Whether any variable of the topology is a secret; otherwise no attribute holds one.
bool has_secrets(const schema::Topology& topology);

/// The way back from the state, which holds {"hmac": …} in the place of a secret: a digest that is
/// known becomes the secret itself, any other one is marked as sensitive and so never shown.
schema::Value with_secrets(const schema::Value& stored, const SecretsByDigest& secrets);

/// What is live, with digests in the place of what the state has digests of: the server tells in
/// the clear what a secret was written into. Without a `digest` (no key is at hand) an empty one.
schema::Value without_secrets(const schema::Value& live, const schema::Value& owned,
                              const SecretDigest& digest);

}  // namespace pveplan::engine
