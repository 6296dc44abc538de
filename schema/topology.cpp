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

}  // namespace pveplan::schema
