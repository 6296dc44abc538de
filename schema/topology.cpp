#include "schema/topology.hpp"

#include <algorithm>

namespace pveplan::schema {

Span Resource::span_of(const Path& path) const {
  const Node* here = tree.get();
  Span best = span;
  for (const auto& step : path.steps()) {
    if (here == nullptr) break;
    if (const auto* array = here->array()) {
      const auto index = static_cast<std::size_t>(std::atoi(step.c_str()));
      if (index >= array->items.size()) break;
      here = array->items[index].get();
      best = here->span;
      continue;
    }
    // A part made by `count` stands under its name without the key.
    const auto* entry = here->find(std::string_view(step).substr(0, step.find('[')));
    if (entry == nullptr) break;
    here = entry->value.get();
    best = here->table() == nullptr ? here->span : entry->key_span;
  }
  return best;
}

const Resource* Topology::find(const ResourceAddress& address) const {
  const auto at = std::lower_bound(resources.begin(), resources.end(), address,
                                   [](const Resource& resource, const ResourceAddress& wanted) {
                                     return resource.address < wanted;
                                   });
  return at != resources.end() && at->address == address ? &*at : nullptr;
}

std::optional<SecretSource> secret_source(const Value* value, Span span) {
  if (value == nullptr || !value->has_fields()) return std::nullopt;
  SecretSource source;
  source.span = span;
  if (const auto* name = value->find("env"); name != nullptr && name->is_string()) {
    source.name = name->as_string();
  } else if (const auto* file = value->find("file"); file != nullptr && file->is_string()) {
    source.kind = SecretSource::Kind::file;
    source.name = file->as_string();
  } else if (const auto* command = value->find("command")) {
    source.kind = SecretSource::Kind::command;
    for (const auto& word : command->as_list()) {
      if (word.is_string()) source.command.push_back(word.as_string());
    }
  }
  return source;
}

}  // namespace pveplan::schema
