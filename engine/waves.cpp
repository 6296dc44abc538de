#include "engine/waves.hpp"

#include "schema/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>

namespace pveplan::engine {
namespace {

using model::Change;

constexpr std::size_t kMostNames = 6;

/// A replacement is none: its guest is gone until the new one is made, whatever the order.
bool takes_down(const Change& change) {
  return change.action == model::Action::update &&
         change.effects.availability >= model::Availability::restart;
}

std::vector<std::string> common_things(const Change& change) {
  std::vector<std::string> result = {change.address.group().text()};
  const auto* label = change.after.find("apart");
  if (label != nullptr && label->is_string()) result.push_back("apart " + label->as_string());
  return result;
}

std::string turns_text(const Wave& wave) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < wave.size() && i < kMostNames; ++i) names.push_back(wave[i].text());
  if (wave.size() > kMostNames) names.push_back(fmt::format("{} more", wave.size() - kMostNames));
  return "one at a time: " + schema::join_words(names) +
         ", each when the one before it answers; when one does not shut down or answer, those "
         "after it are neither changed nor restarted";
}

}  // namespace

std::vector<Wave> make_waves(std::vector<Change>& changes, const ResourceGraph& graph,
                             const std::vector<ResourceGraph::Vertex>& order) {
  std::unordered_map<schema::ResourceAddress, Change*> down;
  for (auto& change : changes) {
    if (takes_down(change)) down.emplace(change.address, &change);
  }
  std::map<std::string, Wave> waves;
  if (down.size() > 1) {
    for (const auto vertex : order) {
      const auto at = down.find(graph.address(vertex));
      if (at == down.end()) continue;
      for (const auto& thing : common_things(*at->second)) waves[thing].push_back(at->first);
    }
  }
  std::vector<Wave> result;
  for (auto& [thing, wave] : waves) {
    if (wave.size() < 2) continue;
    const auto text = turns_text(wave);
    for (const auto& address : wave) {
      auto& notes = down.at(address)->notes;
      if (std::find(notes.begin(), notes.end(), text) == notes.end()) notes.push_back(text);
    }
    result.push_back(std::move(wave));
  }
  return result;
}

}  // namespace pveplan::engine
