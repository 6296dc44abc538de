#include "schema/interpolation.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::schema {
namespace {

constexpr auto kForms =
    "What may stand in ${…} is var.NAME, env.NAME, each.key, TYPE.NAME.ATTRIBUTE, "
    "TYPE.NAME[KEY].ATTRIBUTE or TYPE.NAME[*].ATTRIBUTE.";

bool is_variable_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

/// The end of a name in front of a dot or bracket.
std::string_view take_name(std::string_view& rest) {
  const auto end = std::min(rest.find_first_of(".[]"), rest.size());
  const auto name = rest.substr(0, end);
  rest.remove_prefix(end);
  return name;
}

bool take(std::string_view& rest, char expected) {
  if (rest.empty() || rest.front() != expected) return false;
  rest.remove_prefix(1);
  return true;
}

/// TYPE.NAME[KEY].ATTRIBUTE; false when it has another form.
bool parse_target(std::string_view rest, TextPiece& piece) {
  piece.target.type = take_name(rest);
  if (!is_name(piece.target.type) || !take(rest, '.')) return false;
  piece.target.name = take_name(rest);
  if (!is_name(piece.target.name)) return false;
  if (take(rest, '[')) {
    const auto key = take_name(rest);
    if (!take(rest, ']')) return false;
    if (key == "*") {
      piece.all_instances = true;
    } else if (is_name(key)) {
      piece.target.key = std::string(key);
    } else {
      return false;
    }
  }
  if (!take(rest, '.') || rest.empty()) return false;
  piece.attribute = Path::parse(rest);
  const auto& steps = piece.attribute.steps();
  return std::none_of(steps.begin(), steps.end(), [](const auto& step) { return step.empty(); });
}

/// Reads what stands between the braces. A wrong form gives a sentence.
std::optional<std::string> parse_inside(std::string_view inside, TextPiece& piece) {
  if (inside.starts_with("var.") || inside.starts_with("env.")) {
    piece.kind = inside[0] == 'v' ? TextPiece::Kind::variable : TextPiece::Kind::environment;
    piece.name = inside.substr(4);
    if (is_variable_name(piece.name)) return std::nullopt;
    return fmt::format("\"{}\" is no name of a variable. {}", piece.name, kForms);
  }
  if (inside == "each.key") {
    piece.kind = TextPiece::Kind::each_key;
    return std::nullopt;
  }
  if (inside == "each.index" || inside == "each.value" || inside == "count.index") {
    return fmt::format("There is no ${{{}}}: instances know their key only. Write ${{each.key}}.",
                       inside);
  }
  piece.kind = TextPiece::Kind::resource;
  if (parse_target(inside, piece)) return std::nullopt;
  return std::string(kForms);
}

}  // namespace

bool has_interpolation(std::string_view text) { return text.find("${") != std::string_view::npos; }

std::expected<std::vector<TextPiece>, InterpolationError> split_text(std::string_view text) {
  std::vector<TextPiece> pieces;
  std::string literal;
  for (std::size_t at = 0; at < text.size();) {
    if (text.substr(at).starts_with("$${")) {
      literal += "${";
      at += 3;
      continue;
    }
    if (!text.substr(at).starts_with("${")) {
      const auto next = std::min(text.find('$', at + 1), text.size());
      literal += text.substr(at, next - at);
      at = next;
      continue;
    }
    const auto close = text.find('}', at);
    if (close == std::string_view::npos) {
      return std::unexpected(InterpolationError{std::string(text.substr(at)),
                                                "\"${\" begins a reference, and its \"}\" is "
                                                "missing. A literal \"${\" is written \"$${\"."});
    }
    TextPiece piece;
    piece.written = text.substr(at, close + 1 - at);
    piece.literal = std::move(literal);
    literal.clear();
    if (auto detail = parse_inside(text.substr(at + 2, close - at - 2), piece)) {
      return std::unexpected(InterpolationError{piece.written, std::move(*detail)});
    }
    pieces.push_back(std::move(piece));
    at = close + 1;
  }
  TextPiece last;
  last.literal = std::move(literal);
  pieces.push_back(std::move(last));
  return pieces;
}

}  // namespace pveplan::schema
