#include "engine/editions.hpp"

#include "model/sha256.hpp"

#include <algorithm>
#include <cctype>

namespace pveplan::engine {

using schema::Path;
using schema::ResourceAddress;
using schema::Value;

namespace {

constexpr const char* kMadeFrom = "made_from";  // in a row's notes and in a change's facts

/// The instance that a resource on a node means: that of the node, or the only one.
const schema::Resource* instance_on(const PlanInput& input, const char* type,
                                    const std::string& name, const std::string& node) {
  const auto* own = input.topology.find({type, name, "", node});
  return own != nullptr ? own : input.topology.find({type, name, "", std::nullopt});
}

/// Where an image is pinned, only its checksum counts: another mirror has the same file.
std::string edition_of_file(const Value& attributes, const model::Identity& identity) {
  auto source = text_of(attributes.find("checksum"));
  std::transform(source.begin(), source.end(), source.begin(),
                 [](unsigned char each) { return static_cast<char>(std::tolower(each)); });
  if (source.empty())
    source = text_of(attributes.find("url")) + "\n" + text_of(identity.find("volid"));
  // A digest, since an address may hold something secret.
  return model::sha256_hex(source).substr(0, 16);
}

std::string edition_of_image(const Planning& planning, const std::string& name,
                             const std::string& node) {
  const auto& input = planning.input;
  const auto* image = instance_on(input, "image", name, node);
  if (image == nullptr) return {};
  const auto row = input.rows.find(image->address);
  // What the plan is not about stays as it is.
  if (row != input.rows.end() && !input.scope.contains(image->address))
    return edition_of_file(row->second.owned, row->second.identity);
  const auto& attributes = desired_attributes(input, *image);
  return edition_of_file(attributes,
                         planning.type_of(image->address).identity(image->address, attributes));
}

std::string edition_of_template(const Planning& planning, const std::string& name,
                                const std::string& node) {
  const auto& input = planning.input;
  const auto* source = instance_on(input, "template", name, node);
  if (source == nullptr) return {};
  const auto row = input.rows.find(source->address);
  const auto live = input.live.objects.find(source->address);
  const bool gone =
      live != input.live.objects.end() && std::holds_alternative<model::Absent>(live->second);
  if (row != input.rows.end() && !gone && !planning.replacement_asked(source->address))
    return edition_made_from(row->second);
  const auto image = text_of(desired_attributes(input, *source).find("image"));
  return edition_of_image(planning, image, source->address.key.value_or(node));
}

}  // namespace

std::string edition_to_make_from(const Planning& planning, const ResourceAddress& address,
                                 const Value& attributes, const std::string& node) {
  const auto here = node.empty() ? address.key.value_or("") : node;
  const auto source = text_of(attributes.find("template"));
  if (!source.empty()) return edition_of_template(planning, source, here);
  const auto image = text_of(attributes.find("image"));
  return image.empty() ? std::string() : edition_of_image(planning, image, here);
}

std::string edition_made_from(const model::Row& row) { return text_of(row.notes.find(kMadeFrom)); }

void note_edition(const Planning& planning, model::Change& change) {
  auto edition = edition_to_make_from(planning, change.address, change.after,
                                      text_of(change.identity.find("node")));
  if (edition.empty()) return;
  const auto facts = change.facts.is_null() ? Value::map({}) : change.facts;
  change.facts = facts.with(Path({kMadeFrom}), Value::string(std::move(edition)));
}

void tell_older(Planning& planning, const model::Row& row, const Value& attributes,
                const model::Identity& identity) {
  const auto before = edition_made_from(row);
  if (before.empty()) return;
  const auto now =
      edition_to_make_from(planning, row.address, attributes, text_of(identity.find("node")));
  if (now.empty() || now == before) return;
  const auto source = text_of(attributes.find("template"));
  planning.result.plan.older.emplace_back(
      row.address,
      source.empty() ? "image." + text_of(attributes.find("image")) : "template." + source);
}

}  // namespace pveplan::engine
