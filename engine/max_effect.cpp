#include "engine/max_effect.hpp"

#include "schema/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pveplan::engine {

using model::Availability;

namespace {

constexpr std::array kAvailabilities = {Availability::none, Availability::live,
                                        Availability::disturb, Availability::restart,
                                        Availability::stop};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

bool copies(const model::Effects& effects) {
  return std::any_of(effects.data.begin(), effects.data.end(),
                     [](const auto& each) { return each.kind == model::DataEffect::Kind::copy; });
}

Availability availability_of(const model::Effects& effects) {
  const auto least = effects.interrupts_node.empty() ? Availability::none : Availability::disturb;
  return std::max(effects.availability, least);
}

}  // namespace

std::expected<EffectLimit, std::string> parse_effect_limit(const std::string& text) {
  EffectLimit limit;
  for (const auto& word : split(text)) {
    const auto at = std::find_if(kAvailabilities.begin(), kAvailabilities.end(),
                                 [&word](Availability each) { return model::name(each) == word; });
    if (at != kAvailabilities.end()) {
      limit.availability = std::max(limit.availability, *at);
    } else if (word == "copy") {
      limit.copies = true;
    } else if (word == "loss") {
      limit.copies = limit.loses = true;
    } else {
      return std::unexpected(fmt::format(
          "--max-effect takes none, live, disturb, restart or stop, and copy or loss, joined by "
          "commas, not \"{}\".{}",
          word,
          schema::did_you_mean(word,
                               {"none", "live", "disturb", "restart", "stop", "copy", "loss"})));
    }
  }
  return limit;
}

std::vector<std::string> beyond(const model::Plan& plan, const EffectLimit& limit) {
  std::vector<std::string> result;
  for (const auto& change : plan.changes) {
    if (change.action == model::Action::create) continue;
    std::string words;
    const auto say = [&words](std::string_view word) {
      words += (words.empty() ? "" : ", ") + std::string(word);
    };
    const auto availability = availability_of(change.effects);
    if (availability > limit.availability) say(model::name(availability));
    if (change.effects.loses_data() && !limit.loses) say("loss");
    if (copies(change.effects) && !limit.copies) say("copy");
    if (!words.empty()) result.push_back(change.address.text() + " " + words);
  }
  return result;
}

}  // namespace pveplan::engine
