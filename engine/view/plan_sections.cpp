#include "engine/view/plan_sections.hpp"

#include "engine/order.hpp"
#include "engine/view/change_block.hpp"
#include "engine/view/text.hpp"
#include "schema/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

namespace pveplan::view {

using model::Action;
using model::Availability;
using model::Change;
using model::Plan;

WorstEffect worst_effect(const Change& change) {
  if (change.effects.loses_data()) return WorstEffect::data_loss;
  switch (change.effects.availability) {
    case Availability::stop:
      return WorstEffect::stop;
    case Availability::restart:
      return WorstEffect::restart;
    case Availability::disturb:
      return WorstEffect::disturb;
    case Availability::live:
    case Availability::none:
      break;
  }
  if (change.action == Action::create) return WorstEffect::creates;
  if (change.effects.waits_for_restart) return WorstEffect::waits_for_restart;
  return change.effects.availability == Availability::live ? WorstEffect::live : WorstEffect::none;
}

ChangeCounts count_changes(const Plan& plan) {
  ChangeCounts counts;
  for (const auto& change : plan.changes) {
    if (change.address.is_output()) continue;
    if (!change.imported_from.empty()) ++counts.import;
    switch (change.action) {
      case Action::create:
        ++counts.add;
        break;
      case Action::update:
        ++counts.change;
        break;
      case Action::remove:
        ++counts.destroy;
        break;
      case Action::forget:
        ++counts.forget;
        break;
      case Action::replace:
        ++counts.add;
        ++counts.destroy;
        ++counts.replace;
        break;
      case Action::no_op:
        break;
    }
  }
  return counts;
}

namespace {

bool is_unsure(const Change& change) {
  return change.after.contains_unknown() || change.after.contains_reference();
}

bool grows(const model::AttributeChange& attribute) {
  const auto& steps = attribute.path.steps();
  const auto is_size = [](const schema::Value& value) {
    return value.kind() == schema::Value::Kind::integer;
  };
  return steps.size() == 3 && steps[0] == "disk" && steps[2] == "size" &&
         is_size(attribute.before) && is_size(attribute.after) &&
         attribute.before.as_integer() < attribute.after.as_integer();
}

}  // namespace

std::vector<std::string> grown_disks(const Plan& plan) {
  std::vector<std::string> found;
  for (const auto& change : plan.changes) {
    if (change.action != Action::update) continue;
    for (const auto& attribute : change.attributes) {
      if (grows(attribute))
        found.push_back(
            fmt::format("disk.{} of {}", attribute.path.steps()[1], change.address.text()));
    }
  }
  return found;
}

std::string assurance(const Plan& plan) {
  const bool on_a_cluster = !plan.origin.server_version.empty();
  if (!on_a_cluster || plan.partial() || !plan.refreshed || plan.changes.empty()) return {};
  bool goes_down = false, loses = false, unsure = false, removes = false;
  bool creates = false, restarts = false;
  for (const auto& change : plan.changes) {
    goes_down = goes_down || worst_effect(change) <= WorstEffect::disturb ||
                !change.effects.interrupts_node.empty();
    loses = loses || change.effects.loses_data() || !change.effects.lost_snapshots.empty();
    unsure = unsure || is_unsure(change);
    removes = removes || change.removes();
    creates = creates || change.action == Action::create;
    restarts = restarts || worst_effect(change) == WorstEffect::restart;
  }
  std::vector<std::string> parts;
  if (!goes_down) parts.emplace_back("no guest goes down");
  if (!loses) parts.emplace_back("no data is lost");
  if (!unsure) parts.emplace_back("every value is known");
  if (!loses && !removes && grown_disks(plan).empty())
    parts.push_back(std::string("another plan can revert it") +
                    (creates ? ", by destroying what is new" : "") +
                    (restarts ? ", with as many restarts" : ""));
  if (parts.empty()) return {};
  auto text = schema::join_words(parts) + ".";
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text;
}

std::string effects_line(const Plan& plan) {
  std::map<WorstEffect, std::uint64_t> counts;
  std::uint64_t lost = 0;
  for (const auto& change : plan.changes) {
    if (change.address.is_output()) continue;
    ++counts[worst_effect(change)];
    lost += change.effects.lost_bytes();
  }
  std::string text;
  const auto say = [&](WorstEffect effect, const std::string& words) {
    const auto at = counts.find(effect);
    if (at == counts.end()) return;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", at->second, words);
  };
  say(WorstEffect::data_loss, fmt::format("data loss ({})", lost_text(lost)));
  say(WorstEffect::stop, "stop");
  say(WorstEffect::restart, "restart");
  say(WorstEffect::disturb, "disturb");
  const auto waiting = counts.find(WorstEffect::waits_for_restart);
  const bool one_waits = waiting != counts.end() && waiting->second == 1;
  say(WorstEffect::waits_for_restart, one_waits ? "waits for a restart" : "wait for a restart");
  say(WorstEffect::live, "live");
  say(WorstEffect::creates, "new");
  say(WorstEffect::none, "none");
  std::set<std::string> interrupted;
  for (const auto& change : plan.changes) interrupted.insert(change.effects.interrupts_node);
  interrupted.erase("");
  if (!interrupted.empty())
    text += fmt::format(", interrupts the network of {}", counted(interrupted.size(), "node"));
  if (text.empty()) return {};
  text = "Effects: " + text + ".";
  const auto sure = assurance(plan);
  if (!sure.empty()) text += " " + sure;
  const auto grown = grown_disks(plan);
  if (!grown.empty()) text += fmt::format(" Cannot shrink again: {}.", schema::join_words(grown));
  return wrapped(text, 0, 2) + "\n";
}

std::vector<std::string> older_texts(const Plan& plan) {
  using Key = std::pair<std::string, std::string>;
  std::map<Key, std::vector<std::string>> blocks;
  for (const auto& [address, source] : plan.older)
    blocks[{address.group().text(), source}].push_back(address.text());
  std::vector<std::string> texts;
  for (const auto& [block, addresses] : blocks) {
    const auto& [group, source] = block;
    texts.push_back(addresses.size() == 1
                        ? fmt::format("{} ({})", addresses.front(), source)
                        : fmt::format("{} ({}, {})", group, addresses.size(), source));
  }
  return texts;
}

std::string calls_line(const Plan& plan) {
  std::uint64_t writes = 0;
  for (const auto& step : plan.steps) writes += step.writes;
  std::string text;
  if (plan.reads + plan.extra_reads > 0 || writes > 0) {
    text = plan.extra_reads > 0
               ? fmt::format("Reads {} ({} + {}), writes {}.", plan.reads + plan.extra_reads,
                             plan.reads, plan.extra_reads, writes)
               : fmt::format("Reads {}, writes {}.", plan.reads, writes);
  }
  if (plan.unmanaged_guests > 0) {
    text += fmt::format(" {} visible to this token {} not managed.",
                        counted(plan.unmanaged_guests, "guest"),
                        plan.unmanaged_guests == 1 ? "is" : "are");
  }
  return text.empty() ? text : wrapped(text, 0, 2) + "\n";
}

namespace {

using Briefs = std::map<schema::ResourceAddress, std::vector<std::string>>;

std::vector<ChangeGroup> grouped(const std::vector<const Change*>& changes, const Briefs& briefs,
                                 bool folds) {
  static const std::vector<std::string> kNone;
  std::vector<ChangeGroup> groups;
  std::map<std::string, std::size_t> known;
  for (const auto* change : changes) {
    const auto found = briefs.find(change->address);
    const auto& steps = found == briefs.end() ? kNone : found->second;
    if (!change->address.key || !folds) {
      groups.push_back({{change}, steps});
      continue;
    }
    // Only what reads the same may fold: the block and everything the lines say.
    auto key = change->address.group().text() + "\n" + folding_key(*change);
    for (const auto& step : steps) key += "\n" + step;
    const auto [at, added] = known.try_emplace(key, groups.size());
    if (added) {
      groups.push_back({{change}, steps});
    } else {
      groups[at->second].changes.push_back(change);
    }
  }
  return groups;
}

std::string danger_heading(const std::vector<const Change*>& changes) {
  std::string text;
  for (const auto* change : changes) {
    text += fmt::format("{}{} of {}", text.empty() ? "" : ", ",
                        lost_text(change->effects.lost_bytes()), change->address.text());
  }
  return wrapped("DANGER  destroys data: " + text, 0, 8) +
         "\n        gone for good, except what a backup holds";
}

}  // namespace

std::map<schema::ResourceAddress, std::vector<std::string>> briefs_of_steps(const Plan& plan) {
  Briefs briefs;
  for (const auto& step : plan.steps) {
    if (step.operation != engine::kBarrier && step.operation != engine::kStateOnly)
      briefs[step.address].push_back(step.words());
  }
  return briefs;
}

std::vector<Section> sections(const Plan& plan, bool folds) {
  std::vector<const Change*> danger, restart, disturb, rest;
  for (const auto& change : plan.changes) {
    if (change.address.is_output()) continue;
    switch (worst_effect(change)) {
      case WorstEffect::data_loss:
        danger.push_back(&change);
        break;
      case WorstEffect::restart:
        restart.push_back(&change);
        break;
      case WorstEffect::disturb:
        disturb.push_back(&change);
        break;
      case WorstEffect::stop:
      case WorstEffect::waits_for_restart:
      case WorstEffect::live:
      case WorstEffect::none:
      case WorstEffect::creates:
        rest.push_back(&change);
        break;
    }
  }
  std::stable_partition(rest.begin(), rest.end(), std::mem_fn(&Change::removes));
  const auto briefs = briefs_of_steps(plan);
  std::vector<Section> result;
  if (!danger.empty()) result.push_back({danger_heading(danger), grouped(danger, briefs, folds)});
  if (!restart.empty()) {
    result.push_back({"RESTART  " + counted(restart.size(), "guest") +
                          (restart.size() == 1 ? ", down" : ", each down") +
                          " for its shutdown and boot",
                      grouped(restart, briefs, folds)});
  }
  if (!disturb.empty()) {
    result.push_back(
        {"DISTURB  " + counted(disturb.size(), "guest"), grouped(disturb, briefs, folds)});
  }
  if (!rest.empty())
    result.push_back({result.empty() ? "CHANGES" : "OTHER CHANGES", grouped(rest, briefs, folds)});
  return result;
}

}  // namespace pveplan::view
