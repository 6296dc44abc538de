#include "engine/cli/origin.hpp"

#include "engine/diff.hpp"
#include "engine/view/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace pveplan::cli {
namespace {

using schema::AttributeSchema;
using schema::DefaultOwner;
using schema::Path;
using schema::Value;

constexpr std::size_t kNameWidth = 26;
constexpr std::size_t kValueWidth = 22;
constexpr int kNewestVersion =
    9999;  // defaults that differ between versions are told as the newest

class Origins {
 public:
  Origins(const schema::Resource& resource, const model::Row* row, const schema::Topology& topology,
          const view::WrittenPlaces& places)
      : resource_(resource), row_(row), topology_(topology), places_(places) {}

  std::string text() {
    const auto& object = resource_.schema->object;
    collect(resource_.attributes, Path(), [this](const Path& path) { return stated(path); });
    collect(engine::with_defaults(object, resource_.attributes, true, kNewestVersion), Path(),
            [this](const Path& path) { return defaulted(path); });
    if (row_ != nullptr)
      collect(row_->owned, Path(), [this](const Path& path) { return chosen(path); });
    for (const auto& path : resource_.unset) add(path, "unset", "taken out by `unset`");
    std::string result;
    for (const auto& [name, line] : lines_) result += line;
    return result + left_to_others();
  }

 private:
  template <typename Teller>
  void collect(const Value& value, const Path& path, const Teller& tell) {
    const auto* attribute = resource_.schema->object.find(path);
    const bool secret = attribute != nullptr && attribute->type.kind == schema::Type::Kind::secret;
    if (value.has_fields() && !value.as_fields().empty() && !secret && !value.sensitive()) {
      for (const auto& [name, inner] : value.as_fields()) collect(inner, path.child(name), tell);
    } else if (!path.empty() && !lines_.contains(path.text())) {
      const auto origin = tell(path);
      if (!origin.empty()) add(path.text(), view::value_text(attribute, value), origin);
    }
  }

  void add(const std::string& name, const std::string& value, const std::string& origin) {
    auto line = "  " + view::padded(name, kNameWidth) + view::padded(value, kValueWidth);
    if (view::columns(line) + view::columns(origin) > 80) {
      const auto head = "  " + view::padded(name, kNameWidth);
      line = head + view::wrapped(value, view::columns(head), 6) + "\n      " +
             view::wrapped(origin, 6, 8);
    } else {
      line += origin;
    }
    lines_.emplace(name, line + "\n");
  }

  std::string stated(const Path& path) {
    const auto span = resource_.span_of(path);
    if (!span.known()) return "stated";
    auto text = places_.header(span);
    if (const auto key = override_key(span); !key.empty()) text = "each." + key + " of " + text;
    return fmt::format("{} {}{}", text, places_.line(span), behind(span));
  }

  /// The key of an override, which is named by the line or by its header.
  std::string override_key(schema::Span span) {
    if (!resource_.address.key) return {};
    const auto& key = *resource_.address.key;
    const auto& sources = places_.sources();
    const auto line = sources.line(span.file, sources.position(span.file, span.begin).line);
    const auto begin = line.find_first_not_of(" \t");
    const auto word = "each." + key + ".";
    if (begin != std::string_view::npos && line.substr(begin).starts_with(word)) return key;
    const auto header = places_.header(span);
    const auto group = resource_.address.group().text() + ".each." + key;
    return header.find(group) == std::string::npos ? "" : key;
  }

  /// What the text was made of: variables with their own origins, the environment, references.
  std::string behind(schema::Span span) const {
    std::string result;
    for (const auto& piece : places_.pieces(span)) {
      switch (piece.kind) {
        case schema::TextPiece::Kind::variable:
          result += variable_text(piece.name);
          break;
        case schema::TextPiece::Kind::environment:
          result += fmt::format(", environment variable {}", piece.name);
          break;
        case schema::TextPiece::Kind::resource:
          result += fmt::format(", refers to {}", piece.target.text());
          break;
        case schema::TextPiece::Kind::each_key:
        case schema::TextPiece::Kind::end:
          break;
      }
    }
    return result;
  }

  std::string variable_text(const std::string& name) const {
    const auto& all = topology_.variables;
    const auto at = std::find_if(all.begin(), all.end(),
                                 [&name](const auto& each) { return each.name == name; });
    if (at == all.end()) return fmt::format(", variable \"{}\"", name);
    const auto place = at->span.known() ? " " + places_.line(at->span) : std::string();
    const bool file = at->span.known() && at->origin == places_.sources().name(at->span.file);
    return fmt::format(", variable \"{}\" ({})", name, file ? place.substr(1) : at->origin + place);
  }

  std::string defaulted(const Path& path) const {
    const auto* attribute = resource_.schema->object.find(path);
    if (attribute == nullptr) return {};
    for (const auto& each : attribute->defaults) {
      if (each.owner == DefaultOwner::ours_at_create) return "default (ours, when it is made)";
      if (each.owner == DefaultOwner::ours_always) return "default (ours)";
    }
    return {};
  }

  /// What the state has and nobody states.
  std::string chosen(const Path& path) const {
    const auto* attribute = resource_.schema->object.find(path);
    if (attribute != nullptr && attribute->choice != schema::Choice::none)
      return "chosen by pveplan, kept in the state";
    return "in the state, no longer stated";
  }

  /// Attributes that nobody states, in one paragraph each.
  std::string left_to_others() const {
    std::vector<std::string> server, open;
    for (const auto& attribute : resource_.schema->object.attributes) {
      const bool told = std::any_of(lines_.begin(), lines_.end(), [&](const auto& line) {
        return line.first == attribute.name || line.first.starts_with(attribute.name + ".");
      });
      if (told || !attribute.later.empty()) continue;
      if (attribute.choice != schema::Choice::none) open.push_back(attribute.name);
      const bool left = std::any_of(
          attribute.defaults.begin(), attribute.defaults.end(),
          [](const schema::Default& each) { return each.owner == DefaultOwner::server; });
      if (left) server.push_back(attribute.name);
    }
    return paragraph("chosen when it is planned: ", open) + paragraph("left to Proxmox: ", server);
  }

  static std::string paragraph(const char* what, const std::vector<std::string>& names) {
    if (names.empty()) return {};
    return "  " + view::wrapped(fmt::format("{}{}", what, fmt::join(names, ", ")), 2, 4) + "\n";
  }

  const schema::Resource& resource_;
  const model::Row* row_;
  const schema::Topology& topology_;
  const view::WrittenPlaces& places_;
  std::map<std::string, std::string> lines_;  ///< by path
};

}  // namespace

std::string origin_text(const schema::Resource& resource, const model::Row* row,
                        const schema::Topology& topology, const view::WrittenPlaces& places) {
  return Origins(resource, row, topology, places).text();
}

}  // namespace pveplan::cli
