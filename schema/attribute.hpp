#pragma once

#include "schema/value.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::schema {

struct ObjectSchema;
struct AttributeSchema;

/// What an attribute may hold.
struct Type {
  enum class Kind {
    boolean,
    integer,
    decimal,
    string,
    size,      ///< bytes as an integer Value; "40GiB" in a topology
    duration,  ///< seconds as an integer Value; "5m" in a topology
    secret,    ///< a reference to a secret ({ env | file | command }); never the secret itself
    list,
    set,
    map,
    object,
    any,         ///< only record.input
    keyed_part,  ///< entries keyed by name that have an identity and a row in the state of their
                 ///< own
    one_of,      ///< alternatives, told apart by a discriminator or as scalar or table
  };
  Kind kind = Kind::string;
  std::shared_ptr<const Type> element;         ///< of list, set and map
  std::shared_ptr<const ObjectSchema> object;  ///< of object and keyed_part
  std::vector<Type> alternatives;              ///< of one_of
  std::string discriminator;                   ///< attribute that tells the alternatives apart
};

/// Who gives the attribute its value.
enum class Presence {
  required,
  optional,
  computed_at_plan,    ///< pveplan chooses it before the plan is shown (VMID, MAC, address, node)
  computed_by_server,  ///< exported, known after the first read
  answered_once,       ///< a secret that the server says exactly once
};

/// How a value that is computed at plan time is chosen (docs: choosing).
enum class Choice { none, vmid, node, mac, address, slot, hash_id, instance_name };

/// A range of server versions as major * 100 + minor: 804 is 8.4. `until` is exclusive.
struct VersionRange {
  int since = 0;
  int until = 0;  ///< 0: still there
  bool contains(int version) const { return version >= since && (until == 0 || version < until); }
};

enum class DefaultOwner {
  ours_at_create,  ///< written when pveplan creates the object, then kept; changes only when stated
  ours_always,     ///< managed like a stated value
  server,          ///< left to Proxmox and not managed; for documentation
};

struct Default {
  DefaultOwner owner = DefaultOwner::server;
  Value value;              ///< null when it is another attribute's or the server's business
  std::string description;  ///< how the reference says it: "the block's name"
  VersionRange versions;
  std::string with{};     ///< only where this other attribute is stated
  std::string without{};  ///< only where this other attribute is not stated
};

/// The form in which two values are the same: equality, fingerprint and sorting all use it.
enum class CanonicalForm {
  exact,
  size_rounded_by_storage,
  set,
  tags,
  mac,
  trimmed_text,
  property_string,
  decoded_keys,
  boot_order,
};

/// Names a row of the effect table (model/effect_rules): what a change of the attribute does to the
/// object in its present condition.
enum class EffectRule {
  none,          ///< nobody notices
  live,          ///< applied while running
  restart,       ///< pending until the guest is restarted
  cloud_init,    ///< in effect at the next start; cloud-init then sees a new instance
  hotplug_disk,  ///< add or remove a disk
  hotplug_nic,   ///< add, remove, or replug a NIC
  hotplug_cpu,
  hotplug_memory,
  replug_nic,      ///< interrupts the link: bridge, VLAN tag, firewall flag
  grow_disk,       ///< grows live; the file system is not grown
  network_reload,  ///< interrupts the node's network for a moment
  create_only,     ///< for new objects; a later change is for new guests and said in the plan
  replaces,        ///< cannot be changed on a living object
  identity,        ///< a change is refused
};

/// What a text must look like, checked and normalised by schema/formats. Of a list, each element.
enum class Format {
  none,
  name,            ///< a name or key of the topology: `[A-Za-z0-9_-]+`
  dns_name,        ///< labels of letters, digits and hyphens, joined by dots
  interface_name,  ///< of a network interface on a host
  tag,             ///< of a guest; normalised to lower case
  mac,             ///< six pairs; normalised to upper case
  ip,              ///< one address of either family, without a prefix
  ipv4,
  ipv6,
  ipv4_with_prefix,  ///< "10.0.0.5/24": an address in its network
  ipv6_with_prefix,
  ipv4_network,   ///< "10.0.0.0/24": no host bits
  ipv4_range,     ///< "10.0.0.5", or "10.0.0.5-10.0.0.9"
  guest_ipv4,     ///< "dhcp", "pool:NAME", or an address with its prefix
  guest_ipv6,     ///< "auto", "dhcp", or an address with its prefix
  integer_range,  ///< "5", or "5-9"
  url,            ///< http or https
  checksum,       ///< "sha256:…" and its like; normalised to lower case
  disk_slot,      ///< "scsi1"
  nic_slot,       ///< "net0"
  storage_name,
  pool_id,  ///< of a Proxmox pool: up to three levels with slashes
  file,     ///< must exist; relative to the file that names it
  ssh_key,  ///< a public key, or a file that holds such; becomes the keys themselves
};

/// A value that names something else in the topology.
struct ReferenceRule {
  std::vector<std::string> target_types;  ///< resource types, or "node", "storage"
  enum class Instance { same_key, own_node, explicit_key } instance = Instance::explicit_key;
  bool live_allowed = false;      ///< "live:9000" names what exists and is not declared
  bool external_allowed = false;  ///< nodes, storages and bridges may also just exist
  bool several = false;           ///< a list of names
  std::string prefix;             ///< text in front of the name: "pool:" for addresses
};

/// How an attribute is called and encoded in the Proxmox API.
struct Wire {
  std::string option;        ///< API parameter; empty when it is none
  std::string property_key;  ///< key inside a property string
  bool default_key = false;  ///< the key whose name may be left out
  std::vector<std::string> aliases;
  enum class Encoding {
    plain,
    boolean,
    on_ignore,  ///< "on" or "ignore" for true and false
    mebibytes,
    gibibytes,
    comma_list,
    semicolon_list,
    url_encoded
  } encoding = Encoding::plain;
  bool create_only = false;
  bool deletable = true;
};

/// One value of an enumeration, with the versions that know it.
struct EnumValue {
  std::string name;
  VersionRange versions;
  std::string later;  ///< not empty: the value is known but not acted on yet
};

/// Everything that is known about one attribute. Validation, defaults, JSON Schema, reference
/// pages, diff, effects, rendering and redaction derive from it.
struct AttributeSchema {
  std::string name;
  Type type;
  std::string doc;
  Presence presence = Presence::optional;
  Choice choice = Choice::none;
  std::vector<Default> defaults;
  CanonicalForm canonical = CanonicalForm::exact;
  EffectRule effect = EffectRule::live;
  // Constraints on the value itself.
  std::optional<std::int64_t> minimum;
  std::optional<std::int64_t> maximum;
  std::optional<std::int64_t> multiple_of;  ///< sizes: whole MiB
  std::string pattern;                      ///< ECMAScript, matches the whole text
  std::string pattern_description;  ///< "a DNS name": what a message says instead of the pattern
  std::optional<std::size_t> max_length;
  Format format = Format::none;
  std::vector<EnumValue> one_of;
  std::optional<ReferenceRule> reference;
  VersionRange versions;
  Wire wire;
  bool sensitive = false;
  bool identity = false;
  /// Not empty: a topology that uses it gets one clear error with this whole sentence.
  std::string later;
  /// With `later`: the one value that is acted on already.
  std::optional<Value> later_except;
};

/// A rule over several attributes of one object.
struct CrossConstraint {
  enum class Kind {
    requires_other,
    conflicts,
    exactly_one_of,
    at_most_one_of,
    one_part_only,  ///< {"nic", "gateway"}: at most one entry of the keyed part states it
  } kind = Kind::at_most_one_of;
  std::vector<std::string> attributes;  ///< requires_other: the first one needs all the others
  std::string reason;                   ///< a whole sentence for the message; may be empty
};

struct ObjectSchema {
  std::vector<AttributeSchema> attributes;
  std::vector<CrossConstraint> constraints;
  const AttributeSchema* find(std::string_view name) const;
  /// What "nic.lan.vlan" names; the keyed part itself for "nic.lan". nullptr when there is none.
  const AttributeSchema* find(const Path& path) const;
};

}  // namespace pveplan::schema
