#pragma once

#include "schema/attribute.hpp"
#include "schema/diagnostic.hpp"

#include <initializer_list>
#include <map>
#include <string>
#include <vector>

namespace pveplan::schema {

/// How many live objects one block stands for, besides `count` and `for_each`.
enum class Instances {
  single,
  per_node_required,  ///< what belongs to a host: `nodes` must be stated
  per_node_default,   ///< image, template: the nodes where users are placed
};

struct Resource;
struct Topology;

/// One resource type as the topology language sees it. Knows no HTTP.
struct ResourceSchema {
  std::string type;
  std::string doc;
  ObjectSchema object;
  Instances instances = Instances::single;
  int version = 1;  ///< of the state form
  bool takes_profiles = false;
  bool repeatable = false;        ///< may use count and for_each
  bool needs_connection = false;  ///< a topology that uses it needs [proxmox]
  std::string later;              ///< not empty: the type is known but not acted on yet; says so
  std::string later_key;          ///< a block that states this is of a kind not acted on yet
  /// Has the last word on a decoded instance.
  void (*complete)(Resource& resource) = nullptr;
  /// Rules that no declaration can express, such as "every range lies in `cidr`". Sees the decoded
  /// instance; attributes that failed are absent, those not known yet are unknown.
  void (*check)(const Resource& resource, Diagnostics& diagnostics) = nullptr;
  /// Rules between this type's resources and others. Called once for a topology that has any.
  void (*check_topology)(const Topology& topology, Diagnostics& diagnostics) = nullptr;

  const AttributeSchema* find(std::string_view name) const { return object.find(name); }
};

/// Looks schemas up by type. Owned by whoever composes the program; the schemas outlive everything.
class SchemaRegistry {
 public:
  void add(const ResourceSchema& schema) { schemas_[schema.type] = &schema; }
  const ResourceSchema* find(std::string_view type) const;
  const std::map<std::string, const ResourceSchema*, std::less<>>& all() const { return schemas_; }

 private:
  std::map<std::string, const ResourceSchema*, std::less<>> schemas_;
};

/// Faults of a schema itself, as one sentence each: required excludes defaults, sensitive is never
/// identity, every attribute has doc text, patterns compile … Empty when all is well.
std::vector<std::string> check_schema(const ResourceSchema& schema);

// Type expressions for the builder.
Type boolean();
Type integer();
Type decimal();
Type string();
Type size();
Type duration();
Type secret();
Type any();
Type list_of(Type element);
Type set_of(Type element);
Type map_of(Type element);
Type object_of(ObjectSchema object);
Type keyed_part(ObjectSchema object);
Type one_of(std::vector<Type> alternatives, std::string discriminator = {});

/// Describes one attribute: `attr("mtu", integer()).range(576, 65520).doc("…")`.
class AttributeBuilder {
 public:
  AttributeBuilder(std::string name, Type type);
  AttributeBuilder& doc(std::string text);
  AttributeBuilder& required();
  AttributeBuilder& chosen(Choice choice);  ///< computed at plan time
  AttributeBuilder& computed();             ///< exported, from the server
  AttributeBuilder& default_ours(Value value, std::string description = {});  ///< at create
  AttributeBuilder& default_always(Value value, std::string description = {});
  AttributeBuilder& default_server(std::string description = {});
  AttributeBuilder& only_with(std::string attribute);     ///< of the default before it
  AttributeBuilder& only_without(std::string attribute);  ///< of the default before it
  AttributeBuilder& effect(EffectRule rule);
  AttributeBuilder& canonical(CanonicalForm form);
  AttributeBuilder& range(std::int64_t minimum, std::int64_t maximum);
  AttributeBuilder& whole(std::int64_t multiple);
  AttributeBuilder& matches(std::string pattern, std::string description);
  AttributeBuilder& max_length(std::size_t characters);
  AttributeBuilder& format(Format format);
  AttributeBuilder& values(std::initializer_list<const char*> names);
  AttributeBuilder& value_since(const char* name, int version);
  AttributeBuilder& value_later(const char* name, std::string text);
  AttributeBuilder& refers_to(ReferenceRule rule);
  AttributeBuilder& since(int version);
  AttributeBuilder& until(int version);
  AttributeBuilder& wire(Wire wire);
  AttributeBuilder& option(std::string api_option);  ///< the plain wire form
  AttributeBuilder& sensitive();
  AttributeBuilder& identity();
  AttributeBuilder& later(std::string text);
  AttributeBuilder& later_except(Value acted_on, std::string text);
  AttributeSchema build() const { return attribute_; }

 private:
  AttributeSchema attribute_;
};
AttributeBuilder attr(std::string name, Type type);

/// Builds an ObjectSchema or the attributes of a resource.
class ObjectBuilder {
 public:
  ObjectBuilder& add(const AttributeBuilder& attribute);
  ObjectBuilder& constraint(CrossConstraint constraint);
  ObjectSchema build() const { return object_; }

 private:
  ObjectSchema object_;
};

}  // namespace pveplan::schema
