#include "engine/missing_values.hpp"

#include "schema/value_walk.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::engine {

using schema::Reference;
using schema::ResourceAddress;
using schema::Value;

namespace {

/// "nic" for `mac`, `ip` and `ips` of a guest: the parts that such a value comes from.
const schema::AttributeSchema* origin_of(const schema::ObjectSchema& object, std::string name) {
  const auto find = [&object](const std::string& inner) {
    return std::find_if(object.attributes.begin(), object.attributes.end(), [&](const auto& each) {
      return each.type.kind == schema::Type::Kind::keyed_part &&
             each.type.object->find(inner) != nullptr;
    });
  };
  auto at = find(name);
  if (at == object.attributes.end() && name.ends_with('s'))
    at = find(name.substr(0, name.size() - 1));
  return at == object.attributes.end() ? nullptr : &*at;
}

class MissingValues {
 public:
  MissingValues(Planning& planning, const schema::Resource& resource)
      : planning_(planning), resource_(resource) {}

  void look(const Value& value) {
    schema::for_each_inside(value, [this](const Value& each) {
      if (each.kind() != Value::Kind::reference) return;
      for (const auto& part : each.as_reference().parts) look(part);
    });
  }

 private:
  void look(const Reference::Part& part) {
    if (!part.target || part.attribute.empty()) return;
    const auto targets = part.all_instances ? planning_.instances(*part.target)
                                            : std::vector<ResourceAddress>{*part.target};
    for (const auto& target : targets) {
      const Value* exported = planning_.find(target);
      const Value* stated = planning_.stated(target);
      if (exported == nullptr || stated == nullptr) continue;
      const bool known = exported->find(part.attribute) != nullptr ||
                         stated->find(part.attribute) != nullptr || stated->contains_reference();
      if (!known) refuse(part, target, *stated);
    }
  }

  void refuse(const Reference::Part& part, const ResourceAddress& target, const Value& stated) {
    const auto attribute = part.attribute.text();
    auto diagnostic =
        schema::error("Nothing to refer to",
                      fmt::format("{} refers to {}.{}, which has no value and gets none: {}.",
                                  resource_.address.text(), target.text(), attribute,
                                  reason(part.attribute.steps()[0], target, stated)),
                      span_of(*part.target));
    diagnostic.address = resource_.address;
    planning_.result.diagnostics.add(std::move(diagnostic));
  }

  std::string reason(const std::string& name, const ResourceAddress& target,
                     const Value& stated) const {
    const auto& object = planning_.type_of(target).schema().object;
    const auto* attribute = object.find(name);
    const bool computed =
        attribute != nullptr && attribute->presence == schema::Presence::computed_by_server;
    if (!computed)
      return fmt::format(
          "{} states no such value, and what Proxmox takes instead is not managed. "
          "State it there, or take the reference out",
          target.text());
    const auto* origin = origin_of(object, name);
    const Value* parts = origin == nullptr ? nullptr : stated.find(origin->name);
    const bool has_parts = parts != nullptr && parts->has_fields() && !parts->as_fields().empty();
    if (origin != nullptr && !has_parts)
      return fmt::format("{0} has no {1}. Declare one as {0}.{1}.NAME, or take the reference out",
                         target.text(), origin->name);
    return fmt::format(
        "{} has nothing that it follows from ({}) Add that, or take the reference out",
        target.text(), attribute->doc);
  }

  schema::Span span_of(const ResourceAddress& target) const {
    for (const auto& each : resource_.dependencies) {
      if (!each.implied && each.target == target) return each.span;
    }
    return resource_.span;
  }

  Planning& planning_;
  const schema::Resource& resource_;
};

}  // namespace

void refuse_missing_values(Planning& planning, const schema::Resource& resource,
                           const Value& resolved) {
  if (resolved.contains_reference()) MissingValues(planning, resource).look(resolved);
}

}  // namespace pveplan::engine
