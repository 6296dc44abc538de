#pragma once

#include "engine/plan_value.hpp"
#include "schema/topology.hpp"

namespace pveplan::engine {

/// Whether any variable of the topology is a secret; otherwise no attribute holds one.
bool has_secrets(const schema::Topology& topology);

/// The way back from the state, which holds {"hmac": …} in the place of a secret: a digest that is
/// known becomes the secret itself, any other one is marked as sensitive and so never shown.
schema::Value with_secrets(const schema::Value& stored, const SecretsByDigest& secrets);

}  // namespace pveplan::engine
