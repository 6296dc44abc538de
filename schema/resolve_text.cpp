#include "schema/convert.hpp"
#include "schema/interpolation.hpp"
#include "schema/suggest.hpp"

#include <fmt/format.h>

namespace pveplan::schema {
namespace {

Node text_node(std::string text) {
  Node node;
  node.data = std::move(text);
  return node;
}

/// The text of a scalar, as a composed text shows it; nullopt for lists and tables.
std::optional<std::string> scalar_text(const Node& node) {
  if (const auto* text = node.text()) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&node.data)) return std::to_string(*number);
  if (const auto* truth = std::get_if<bool>(&node.data)) return *truth ? "true" : "false";
  if (const auto* decimal = std::get_if<Decimal>(&node.data)) return decimal->text;
  return std::nullopt;
}

bool is_whole(const std::vector<TextPiece>& pieces) {
  return pieces.size() == 2 && pieces[0].literal.empty() && pieces[1].literal.empty();
}

Reference::Part reference_part(const TextPiece& piece, std::string literal) {
  return {std::move(literal), piece.target, piece.all_instances, piece.attribute};
}

}  // namespace

Value Converter::resolve(const std::string& text, const Type& type, const Site& site) {
  const auto pieces = split_text(text);
  if (!pieces) {
    Site narrowed = site;
    narrowed.span = context_.narrow(site.span, pieces.error().written);
    report("Invalid reference", pieces.error().detail, narrowed);
    return Value();
  }
  if (is_whole(*pieces)) {
    Site narrowed = site;
    narrowed.span = context_.narrow(site.span, pieces->front().written);
    return resolve_whole(pieces->front(), type, narrowed);
  }
  return resolve_mixed(*pieces, type, site);
}

Value Converter::resolve_whole(const TextPiece& piece, const Type& type, const Site& site) {
  if (piece.kind == TextPiece::Kind::resource) {
    if (!check_reference(piece, &type, site)) return Value();
    Reference reference;
    reference.parts.push_back(reference_part(piece, {}));
    return Value::reference(std::move(reference));
  }
  if (piece.kind == TextPiece::Kind::variable) {
    const auto* variable = find_variable(piece, site);
    if (variable == nullptr || !variable->value) return Value::unknown();
    Site inner = site;
    inner.literal = true;
    inner.variable = variable;
    inner.variable_name = piece.name;
    inner.sensitive = inner.sensitive || variable->sensitive;
    const auto text = scalar_text(*variable->value);
    const bool to_text = type.kind == Type::Kind::string && text.has_value();
    return to_text ? convert(text_node(*text), type, inner)
                   : convert(*variable->value, type, inner);
  }
  bool unknown = false;
  bool sensitive = false;
  const auto text = piece_text(piece, site, unknown, sensitive);
  if (unknown) return Value::unknown();
  if (!text) return Value();
  Site inner = site;
  inner.literal = true;
  inner.from_text = true;
  return convert(text_node(*text), type, inner);
}

Value Converter::resolve_mixed(const std::vector<TextPiece>& pieces, const Type& type,
                               const Site& site) {
  Reference reference;
  std::string text;
  bool unknown = false;
  bool failed = false;
  Site inner = site;
  inner.literal = true;
  for (const auto& piece : pieces) {
    text += piece.literal;
    Site narrowed = site;
    narrowed.span = context_.narrow(site.span, piece.written);
    if (piece.kind == TextPiece::Kind::end) continue;
    if (piece.kind == TextPiece::Kind::resource) {
      failed = !check_reference(piece, nullptr, narrowed) || failed;
      reference.parts.push_back(reference_part(piece, std::move(text)));
      text.clear();
      continue;
    }
    const auto value = piece_text(piece, narrowed, unknown, inner.sensitive);
    failed = failed || (!value && !unknown);
    text += value.value_or("");
  }
  if (failed) return Value();
  if (unknown) return Value::unknown();
  if (reference.parts.empty()) return convert(text_node(std::move(text)), type, inner);
  if (type.kind != Type::Kind::string && type.kind != Type::Kind::any) {
    return wrong_type(text_node(std::move(text)), type, inner);
  }
  if (!text.empty()) reference.parts.push_back({std::move(text), std::nullopt, false, {}});
  auto value = Value::reference(std::move(reference));
  return inner.sensitive ? value.as_sensitive() : value;
}

const Variable* Converter::find_variable(const TextPiece& piece, const Site& site) {
  const auto at = context_.variables.find(piece.name);
  if (at != context_.variables.end()) return &at->second;
  if (context_.incomplete) return nullptr;
  std::vector<std::string> names;
  for (const auto& [name, variable] : context_.variables) names.push_back(name);
  report("Unknown variable",
         fmt::format("There is no [variable.{}].{}", piece.name, context_.guess(piece.name, names)),
         site);
  return nullptr;
}

std::optional<std::string> Converter::piece_text(const TextPiece& piece, const Site& site,
                                                 bool& unknown, bool& sensitive) {
  if (piece.kind == TextPiece::Kind::variable) {
    const auto* variable = find_variable(piece, site);
    unknown = unknown || variable == nullptr || !variable->value;
    if (variable == nullptr || !variable->value) return std::nullopt;
    sensitive = sensitive || variable->sensitive;
    auto text = scalar_text(*variable->value);
    if (text) return text;
    report("Wrong type",
           fmt::format("The variable \"{}\" is {}, which cannot stand inside of a text.",
                       piece.name, node_kind(*variable->value)),
           site);
    return std::nullopt;
  }
  if (piece.kind == TextPiece::Kind::environment) {
    auto text = context_.environment(piece.name);
    if (text) return text;
    report("Environment variable not set",
           fmt::format("The environment has no variable \"{}\".", piece.name), site);
    return std::nullopt;
  }
  if (key_unknown_) {
    unknown = true;
    return std::nullopt;
  }
  if (address_ != nullptr && address_->key) return address_->key;
  report("No key here",
         "${each.key} is the key of an instance, and this block has neither count nor for_each.",
         site);
  return std::nullopt;
}

}  // namespace pveplan::schema
