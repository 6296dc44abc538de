#pragma once

#include "schema/diagnostic.hpp"
#include "schema/document.hpp"
#include "schema/lifecycle.hpp"
#include "schema/resource_schema.hpp"
#include "schema/value.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pveplan::schema {

/// Where a secret comes from. The secret itself is fetched at its use and never stored.
struct SecretSource {
  SecretSource() {}  // no aggregate: coroutine parameter (g++ 12)

  enum class Kind { env, file, command } kind = Kind::env;
  std::string name;                  ///< variable or file
  std::vector<std::string> command;  ///< argv, no shell
  Span span;
};
/// What a secret attribute's object says, such as { env = "TOKEN" }; nullopt when there is none.
std::optional<SecretSource> secret_source(const Value* value, Span span);

/// An inclusive range of integers, such as VMIDs.
struct IntegerRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

/// `[proxmox]`.
struct Connection {
  std::vector<std::string> endpoints;
  std::string ca_file;  ///< relative names are resolved already
  std::vector<std::string> fingerprints;
  bool insecure = false;
  std::optional<SecretSource> token;
  std::optional<std::string> login_user;
  std::optional<SecretSource> login_password;
  Span span;
};

/// "address needs target", with the text that caused it. A target without a key means all
/// instances of that block, however many there are; a graph narrows it to the copy of the own node
/// where the target is a per-node type.
struct Dependency {
  ResourceAddress target;
  Span span;
  std::string attribute;  ///< "template", "nic.lan.ip", "after"
  bool implied = false;   ///< by a plain name such as `pool = "team"`, without `${…}` or `after`
};

class InstanceRecipe;

/// One resource as desired: one instance after `count`, `for_each`, profiles and variables are
/// resolved. Defaults are not filled in; what the topology does not state is absent.
struct Resource {
  ResourceAddress address;
  const ResourceSchema* schema = nullptr;
  /// The stated attributes as an object. Sizes are bytes, durations seconds, sets are lists in
  /// written order, keyed parts are maps (`disk.osd` with `count = 2` has the keys "osd[1]" and
  /// "osd[2]"), MACs are upper case, file names are resolved; a secret is an object with one of
  /// `env`, `file`, `command`; references to other resources are Kind::reference.
  Value attributes;
  NodePtr tree;  ///< merged from profiles and the block: where each leaf was written
  Span span;     ///< the block's header
  std::vector<Dependency> dependencies;
  std::set<std::string> unset;  ///< paths named by `unset`
  Lifecycle lifecycle;
  /// Set for a per-node resource whose nodes are not stated: the address has no key yet, and
  /// expand_per_node() makes the instances. Values that name the node are unknown until then.
  std::shared_ptr<const InstanceRecipe> recipe;

  bool unexpanded() const { return recipe != nullptr; }
  /// The range in which a value was written, the header where it was not.
  Span span_of(const Path& path) const;
};

/// A variable as it was given, for the plan file and for messages.
struct VariableBinding {
  std::string name;
  Value value;         ///< carries the sensitive mark
  std::string origin;  ///< "--var", "prod.vars.toml", "PVEPLAN_VAR_env", "default"
  Span span{};         ///< where it stands; unknown when it came from outside of files
};

struct StateBackend {
  std::string backend = "local";
  Value options;  ///< all keys of the table; names of files are resolved
  Span span;
};

/// `[[moved]]`: one resource, or without a key all instances of a block, under another address.
struct Moved {
  ResourceAddress from, to;
  Span span;
};
/// `[[removed]]`: what happens to the object of a block that was taken out.
struct Removed {
  ResourceAddress address;
  bool destroy = true;
  Span span;
};
/// `[[import]]`: an object that exists and shall be managed from now on.
struct Import {
  ResourceAddress to;
  std::string id;
  Span span;
};

/// The decoded configuration: resources ordered by address, each value with its span.
struct Topology {
  Topology() {}  // no aggregate: coroutine parameter (g++ 12)
  std::string name;
  std::string directory;  ///< of the root file; relative names start here
  std::vector<IntegerRange> vmids;
  std::optional<Connection> connection;
  StateBackend state;
  std::optional<SecretSource> secret_key;
  std::vector<Resource> resources;
  std::vector<Moved> moved;
  std::vector<Removed> removed;
  std::vector<Import> imports;
  std::vector<VariableBinding> variables;  ///< sorted by name

  const Resource* find(const ResourceAddress& address) const;
};

}  // namespace pveplan::schema
