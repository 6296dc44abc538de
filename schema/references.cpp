#include "schema/convert.hpp"
#include "schema/interpolation.hpp"
#include "schema/later.hpp"
#include "schema/suggest.hpp"
#include "schema/type_words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::schema {
namespace {

constexpr std::string_view kLive = "live:";
constexpr std::string_view kLiveCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/";

std::vector<std::string> attribute_names(const ObjectSchema& object) {
  std::vector<std::string> names;
  for (const auto& attribute : object.attributes) {
    if (attribute.later.empty()) names.push_back(attribute.name);
  }
  return names;
}

bool is_list(const Type& type) {
  return type.kind == Type::Kind::list || type.kind == Type::Kind::set;
}

bool is_scalar(const Type& type) {
  switch (type.kind) {
    case Type::Kind::boolean:
    case Type::Kind::integer:
    case Type::Kind::decimal:
    case Type::Kind::string:
    case Type::Kind::size:
    case Type::Kind::duration:
      return true;
    case Type::Kind::secret:
    case Type::Kind::list:
    case Type::Kind::set:
    case Type::Kind::map:
    case Type::Kind::object:
    case Type::Kind::any:
    case Type::Kind::keyed_part:
    case Type::Kind::one_of:
      return false;
  }
  return false;
}

/// Whether a value of the type `found` may stand where `wanted` is expected.
bool is_assignable(const Type& found, const Type& wanted) {
  if (found.kind == Type::Kind::any || wanted.kind == Type::Kind::any) return true;
  if (wanted.kind == Type::Kind::one_of) {
    return std::any_of(wanted.alternatives.begin(), wanted.alternatives.end(),
                       [&](const Type& each) { return is_assignable(found, each); });
  }
  if (found.kind == Type::Kind::one_of) {
    return std::any_of(found.alternatives.begin(), found.alternatives.end(),
                       [&](const Type& each) { return is_assignable(each, wanted); });
  }
  if (is_list(found) && is_list(wanted)) return is_assignable(*found.element, *wanted.element);
  if (wanted.kind == Type::Kind::string) return is_scalar(found);
  const bool number = wanted.kind == Type::Kind::decimal && found.kind == Type::Kind::integer;
  return number || found.kind == wanted.kind;
}

/// The type behind the steps of a path; nullptr where the way ends. Entries of maps and parts are
/// taken on trust, since what they hold is known only when they are decoded.
const Type* type_at(const ObjectSchema& object, const std::vector<std::string>& steps,
                    std::size_t at, const ObjectSchema*& ends_in, std::string& wrong) {
  static const Type kAny = any();
  const auto* attribute = object.find(steps[at]);
  if (attribute == nullptr || !attribute->later.empty()) {
    ends_in = &object;
    wrong = steps[at];
    return nullptr;
  }
  const Type* type = &attribute->type;
  for (++at; at < steps.size(); ++at) {
    if (type->kind == Type::Kind::object) {
      return type_at(*type->object, steps, at, ends_in, wrong);
    }
    if (type->kind == Type::Kind::keyed_part) {
      if (at + 1 == steps.size()) return &kAny;
      return type_at(*type->object, steps, at + 1, ends_in, wrong);
    }
    if (type->kind == Type::Kind::map) {
      type = type->element.get();
    } else if (type->kind != Type::Kind::any) {
      wrong = steps[at];
      return nullptr;
    }
  }
  return type;
}

std::string keys_text(const Group& group) {
  return group.keys.empty() ? std::string("no instance")
                            : "the keys " + quoted_list(group.keys, "and");
}

}  // namespace

void Converter::depend(ResourceAddress target, const Site& site, bool implied) {
  dependencies_.push_back({std::move(target), site.span, site.path(), implied});
}

const Group* Converter::find_target(const TextPiece& piece, const Site& site) {
  const auto& target = piece.target;
  if (target.is_output()) {
    report("Reference to an output",
           "Outputs are for people and other programs: refer to what the output is made of.", site);
    return nullptr;
  }
  if (const auto* group = context_.find_group(target.type, target.name)) return group;
  if (context_.incomplete) return nullptr;
  const bool known_type = context_.registry.find(target.type) != nullptr;
  if (known_type || is_later_type(target.type)) {
    report("Unknown resource",
           fmt::format("There is no [{}.{}] in the topology.{}", target.type, target.name,
                       context_.guess(target.name, context_.names_of(target.type))),
           site);
    return nullptr;
  }
  std::vector<std::string> types = {"var", "env"};
  for (const auto& [type, schema] : context_.registry.all()) types.push_back(type);
  report("Unknown resource type",
         fmt::format("\"{}\" is no type of resource.{}", target.type,
                     context_.guess(target.type, types)),
         site);
  return nullptr;
}

bool Converter::check_key(const TextPiece& piece, const Group& group, const Site& site) {
  if (group.uncertain || piece.all_instances) return true;
  const auto block = piece.target.group().text();
  const auto attribute = piece.attribute.text();
  if (!piece.target.key) {
    if (!group.keyed) return true;
    const auto example = group.keys.empty() ? std::string("KEY") : group.keys.front();
    report("Key missing",
           fmt::format("{} has {}. Write ${{{}[{}].{}}} for one of them, or ${{{}[*].{}}} for the "
                       "list of all.",
                       block, keys_text(group), block, example, attribute, block, attribute),
           site);
    return false;
  }
  if (!group.keyed) {
    report("Unknown key", fmt::format("{} has no keys. Write ${{{}.{}}}.", block, block, attribute),
           site);
    return false;
  }
  if (std::binary_search(group.keys.begin(), group.keys.end(), *piece.target.key)) return true;
  report("Unknown key",
         fmt::format("{} has {}, not \"{}\".{}", block, keys_text(group), *piece.target.key,
                     context_.guess(*piece.target.key, group.keys)),
         site);
  return false;
}

const Type* Converter::check_attribute(const TextPiece& piece, const ResourceSchema& schema,
                                       const Site& site) {
  const ObjectSchema* ends_in = nullptr;
  std::string wrong;
  const auto* type = type_at(schema.object, piece.attribute.steps(), 0, ends_in, wrong);
  if (type != nullptr) return type;
  const auto guess =
      ends_in == nullptr ? std::string() : context_.guess(wrong, attribute_names(*ends_in));
  report("Unknown attribute",
         fmt::format("{} has no attribute \"{}\".{}", with_article(schema.type),
                     piece.attribute.text(), guess),
         site);
  return nullptr;
}

bool Converter::check_reference(const TextPiece& piece, const Type* wanted, const Site& site) {
  if (references_ == References::refused) {
    report("Reference not possible here",
           "Only variables and the environment are known here: write ${var.NAME} or ${env.NAME}.",
           site);
    return false;
  }
  const auto* group = find_target(piece, site);
  if (group == nullptr) return false;
  if (group->schema == nullptr) return false;
  if (!check_key(piece, *group, site)) return false;
  const auto* found = check_attribute(piece, *group->schema, site);
  if (found == nullptr) return false;
  if (found->kind == Type::Kind::secret) {
    report(
        "Reference to a secret",
        fmt::format("{} is a secret, of which pveplan keeps a digest only. Say here as well where "
                    "it comes from: {{ env = \"NAME\" }}.",
                    piece.written),
        site);
    return false;
  }
  const bool own_group = address_ != nullptr && piece.target.group() == address_->group();
  if (own_group && (piece.all_instances || piece.target.key == address_->key)) {
    report("Reference to itself",
           fmt::format("{} cannot refer to a value of its own.", address_->text()), site);
    return false;
  }
  const bool list_in_text = wanted == nullptr && (piece.all_instances || !is_scalar(*found));
  const auto given = piece.all_instances ? list_of(*found) : *found;
  const bool open = found->kind == Type::Kind::any && !piece.all_instances;
  if (list_in_text && !open) {
    report("Wrong type",
           fmt::format("{} is {}, which cannot stand inside of a text.", piece.written,
                       type_words(given)),
           site);
    return false;
  }
  if (wanted != nullptr && !is_assignable(given, *wanted)) {
    report(
        "Wrong type",
        fmt::format("\"{}\" takes {}, and {} is {}.", site.path(), type_words(*wanted),
                    piece.written, given.kind == Type::Kind::string ? "a text" : type_words(given)),
        site);
    return false;
  }
  depend(piece.target, site, false);
  return true;
}

std::optional<Dependency> Converter::dependency_on(const std::string& address, const Site& site) {
  const auto target = parse_address(address);
  if (!target) {
    report("Invalid address",
           fmt::format("\"{}\" is no address: write \"vm.db\" or \"vm.db[1]\".", address), site);
    return std::nullopt;
  }
  TextPiece piece;
  piece.target = *target;
  const auto* group = find_target(piece, site);
  if (group == nullptr || group->schema == nullptr) return std::nullopt;
  if (target->key && !check_key(piece, *group, site)) return std::nullopt;
  const bool own = address_ != nullptr && target->group() == address_->group() &&
                   (!target->key || target->key == address_->key);
  if (own) {
    report("Reference to itself", fmt::format("{} cannot come after itself.", address_->text()),
           site);
    return std::nullopt;
  }
  return Dependency{*target, site.span, "after"};
}

/// What exists and is not declared is looked up when the plan is made.
Value Converter::check_live(const std::string& text, const ReferenceRule& rule, const Site& site) {
  const auto name = text.substr(kLive.size());
  const bool fits = !name.empty() && name.find_first_not_of(kLiveCharacters) == std::string::npos;
  if (rule.external_allowed) {
    report("Invalid value",
           fmt::format("What exists under this name needs no \"live:\" here: write \"{}\".", name),
           site);
  } else if (!rule.live_allowed) {
    report("Not supported yet",
           fmt::format("pveplan looks up no {0} that is not declared: declare it as [{0}.NAME].",
                       rule.target_types.front()),
           site);
  } else if (!fits) {
    report("Invalid value",
           fmt::format("\"{}\" names nothing: write \"live:\" and the number or the name of a {} "
                       "that exists.",
                       text, rule.target_types.front()),
           site);
  } else {
    return Value::string(text);
  }
  return Value();
}

Value Converter::check_name(const std::string& text, const ReferenceRule& rule, const Site& site) {
  if (text.starts_with(kLive)) return check_live(text, rule, site);
  if (!text.starts_with(rule.prefix)) return Value::string(text);
  const auto name = text.substr(rule.prefix.size());
  for (const auto& type : rule.target_types) {
    if (context_.find_group(type, name) == nullptr) continue;
    depend({type, name, {}, {}}, site, true);
    return Value::string(text);
  }
  if (rule.external_allowed || context_.incomplete) return Value::string(text);
  const auto& type = rule.target_types.front();
  report("Unknown resource",
         fmt::format("There is no [{}.{}] in the topology.{}", type, name,
                     context_.guess(name, context_.names_of(type))),
         site);
  return Value();
}

}  // namespace pveplan::schema
