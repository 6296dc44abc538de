#pragma once

#include "schema/value.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::engine {

/// Gives the text that stands for a secret in a saved plan: an HMAC, never the secret.
using SecretDigest = std::function<std::string(const std::string& secret)>;

/// Secrets of the topology by the digest that stands for them, so that a saved plan gets them back.
using SecretsByDigest = std::map<std::string, schema::Value>;

/// A value in a form that JSON can carry: what JSON lacks becomes an object with one member that
/// begins with a dollar sign (docs/plan-file.md); keys that begin so are told apart by "$map". What
/// is marked sensitive becomes {"$secret": digest}.
schema::Value to_plan_value(const schema::Value& value, const SecretDigest& digest);

/// The way back. A secret that is not in `secrets` becomes an empty text marked as sensitive and
/// its digest is added to `missing`. nullopt: the value is not of this form.
std::optional<schema::Value> from_plan_value(const schema::Value& value,
                                             const SecretsByDigest& secrets,
                                             std::vector<std::string>& missing);

/// The text that stands for a secret value of any kind.
std::string digest_of(const schema::Value& secret, const SecretDigest& digest);

/// The digest in {"hmac": …}, which stands for a secret in states and plans; nullptr for any other
/// value.
const schema::Value* digest_of_secret(const schema::Value& value);
/// Whether somewhere in `value` a digest, or nothing, stands in the place of a secret.
bool lacks_secret(const schema::Value& value);

/// Adds every sensitive value anywhere inside `value`.
void collect_secrets(const schema::Value& value, const SecretDigest& digest,
                     SecretsByDigest& secrets);

}  // namespace pveplan::engine
