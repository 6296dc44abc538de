#include "tests/simulation/drawn_values.hpp"

#include "tests/simulation/value_makers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <stdexcept>

namespace pveplan::sim {
namespace {

using schema::AttributeSchema;
using schema::CrossConstraint;
using schema::EffectRule;
using schema::ObjectSchema;
using schema::Type;

bool can_be_stated(const AttributeSchema& attribute) {
  using schema::Presence;
  if (!attribute.later.empty() && !attribute.later_except) return false;
  if (attribute.choice == schema::Choice::hash_id) return false;
  return attribute.presence != Presence::computed_by_server &&
         attribute.presence != Presence::answered_once;
}

/// What a living object cannot change, or only by being replaced.
bool is_for_life(const AttributeSchema& attribute) {
  using schema::Choice;
  const bool chosen = attribute.choice == Choice::slot || attribute.choice == Choice::vmid ||
                      attribute.choice == Choice::node || attribute.choice == Choice::mac;
  return chosen || attribute.identity || attribute.effect == EffectRule::identity ||
         attribute.effect == EffectRule::create_only || attribute.effect == EffectRule::replaces;
}

const Type* table_of(const Type& type) {
  if (type.kind == Type::Kind::object || type.kind == Type::Kind::keyed_part) return &type;
  if (type.kind != Type::Kind::one_of) return nullptr;
  for (const auto& alternative : type.alternatives) {
    if (alternative.kind == Type::Kind::object) return &alternative;
  }
  return nullptr;
}

class BlockDraw {
 public:
  BlockDraw(std::string type, const DrawPlace& place) : type_(std::move(type)), place_(place) {}

  Lines draw(const ObjectSchema& object) {
    draw_object(object, type_, "");
    return std::move(lines_);
  }

 private:
  /// `schema_path` has a star where `path` has the name of a part.
  void draw_object(const ObjectSchema& object, const std::string& schema_path,
                   const std::string& path) {
    for (const auto& attribute : object.attributes) {
      const auto inner = schema_path + "." + attribute.name;
      if (can_be_stated(attribute) && !not_drawn().contains(inner))
        draw_attribute(attribute, inner, path + attribute.name);
    }
    // What one rule takes out may leave another one without its partner.
    for (int round = 0; round < 2; ++round) {
      for (const auto& constraint : object.constraints) settle(constraint, path);
    }
  }

  void draw_attribute(const AttributeSchema& attribute, const std::string& schema_path,
                      const std::string& path) {
    auto life = for_life(place_, path);
    SimRandom& draws = is_for_life(attribute) ? life : *place_.draws;
    const auto* maker = maker_of(schema_path);
    const bool always =
        attribute.presence == schema::Presence::required || (maker != nullptr && maker->always);
    // The same number of draws whether it is stated or not keeps edits comparable.
    const bool stated = always || draws.one_in(3) || path == "disk.os.size";
    if (attribute.type.kind == Type::Kind::keyed_part)
      return draw_parts(attribute, schema_path, path);
    const auto* table = table_of(attribute.type);
    const bool as_table =
        table != nullptr && (attribute.type.kind == Type::Kind::object || draws.one_in(2));
    if (!stated) return;
    if (as_table && maker == nullptr) {
      return draw_object(*table->object, schema_path, path + ".");
    }
    const auto text = maker != nullptr ? maker->make(place_, draws, path)
                                       : generic_value(attribute, place_, draws);
    if (text) lines_[path] = *text;
  }

  void draw_parts(const AttributeSchema& attribute, const std::string& schema_path,
                  const std::string& path) {
    for (const auto& name : part_names(schema_path, place_)) {
      // A template has its disk from the beginning, or has it not.
      auto life = for_life(place_, path + "." + name);
      auto& draws = type_ == "template" ? life : *place_.draws;
      const bool always = name == "os" && type_ == "vm";
      if (always || draws.one_in(2))
        draw_object(*attribute.type.object, schema_path + ".*", path + "." + name + ".");
    }
  }

  bool states(const std::string& path) const {
    const auto at = lines_.lower_bound(path);
    return at != lines_.end() && (at->first == path || at->first.starts_with(path + "."));
  }

  void take_out(const std::string& path) {
    std::erase_if(lines_, [&path](const auto& line) {
      return line.first == path || line.first.starts_with(path + ".");
    });
  }

  void keep_one(const CrossConstraint& constraint, const std::string& path) {
    bool seen = false;
    for (const auto& name : constraint.attributes) {
      if (!states(path + name)) continue;
      if (seen) take_out(path + name);
      seen = true;
    }
  }

  void keep_one_part(const CrossConstraint& constraint, const std::string& path) {
    const auto front = path + constraint.attributes[0] + ".";
    const auto back = "." + constraint.attributes[1];
    bool seen = false;
    std::erase_if(lines_, [&](const auto& line) {
      if (!line.first.starts_with(front) || !line.first.ends_with(back)) return false;
      return std::exchange(seen, true);
    });
  }

  void settle(const CrossConstraint& constraint, const std::string& path) {
    switch (constraint.kind) {
      case CrossConstraint::Kind::requires_other:
        for (std::size_t i = 1; i < constraint.attributes.size(); ++i) {
          if (!states(path + constraint.attributes[i])) take_out(path + constraint.attributes[0]);
        }
        return;
      case CrossConstraint::Kind::conflicts:
      case CrossConstraint::Kind::exactly_one_of:
      case CrossConstraint::Kind::at_most_one_of:
        return keep_one(constraint, path);
      case CrossConstraint::Kind::one_part_only:
        return keep_one_part(constraint, path);
    }
  }

  std::string type_;
  const DrawPlace& place_;
  Lines lines_;
};

void list_attributes(const ObjectSchema& object, const std::string& path,
                     std::vector<std::string>& result) {
  for (const auto& attribute : object.attributes) {
    if (!can_be_stated(attribute)) continue;
    const auto inner = path + "." + attribute.name;
    const auto* table = table_of(attribute.type);
    if (table == nullptr || attribute.type.kind == Type::Kind::one_of) result.push_back(inner);
    if (table == nullptr) continue;
    const bool parts = attribute.type.kind == Type::Kind::keyed_part;
    list_attributes(*table->object, parts ? inner + ".*" : inner, result);
  }
}

}  // namespace

std::string quoted(std::string_view text) { return fmt::format("\"{}\"", text); }

SimRandom for_life(const DrawPlace& place, std::string_view what) {
  auto hash = place.life ^ 0xcbf29ce484222325ULL;
  for (const std::string_view part : {std::string_view(place.name), what}) {
    for (const char byte : part) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return SimRandom(hash);
}

Lines draw_block(const schema::ResourceSchema& type, const DrawPlace& place) {
  return BlockDraw(type.type, place).draw(type.object);
}

std::vector<std::string> attributes_of(const schema::ResourceSchema& type) {
  std::vector<std::string> result;
  list_attributes(type.object, type.type, result);
  return result;
}

}  // namespace pveplan::sim
