#include "engine/view/change_block.hpp"

#include "engine/patience.hpp"
#include "engine/view/part_text.hpp"
#include "engine/view/standing_attributes.hpp"
#include "engine/view/text.hpp"
#include "schema/json.hpp"
#include "schema/key_ranges.hpp"
#include "schema/screen_line.hpp"
#include "schema/suggest.hpp"
#include "schema/units.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace pveplan::view {

using model::Action;
using model::AttributeChange;
using model::Change;
using schema::Value;
using TypeKind = schema::Type::Kind;

namespace {

constexpr std::size_t kNameColumn = 8;
constexpr std::size_t kValueColumn = 25;
constexpr std::size_t kEffectColumn = 48;
constexpr std::size_t kWhereColumn = 47;

std::string text_at(const Value& value, const char* name) {
  const Value* found = value.find(name);
  if (found == nullptr) return {};
  return found->is_string() ? found->as_string() : value_text(nullptr, *found);
}

std::string where_text(const Change& change) {
  const auto vmid = text_at(change.identity, "vmid");
  const auto node = text_at(change.identity, "node");
  const auto volume = text_at(change.identity, "volid");
  std::string text;
  if (!volume.empty()) {
    text = volume + (node.empty() ? "" : " on " + node);
  } else if (!vmid.empty()) {
    text = vmid + (node.empty() ? "" : " on " + node);
  } else if (!node.empty()) {
    text = "on " + node;
  } else if (change.address.type != "record") {
    text = text_at(change.identity, "id");
  }
  const auto status = text_at(change.facts, "status");
  if (!status.empty()) text += (text.empty() ? "" : ", ") + status;
  const auto why = text_at(change.facts, "placement_reason");
  if (!why.empty()) text += " (" + why + ")";
  return text;
}

/// The same of several: "203..205 on pve, running", with what is not the same for all left out.
std::string where_text(const ChangeGroup& group) {
  const auto& first = *group.changes.front();
  if (group.changes.size() == 1) return where_text(first);
  std::vector<std::string> numbers, nodes;
  const auto status = text_at(first.facts, "status");
  bool same_status = true;
  for (const auto* change : group.changes) {
    const auto vmid = text_at(change->identity, "vmid");
    if (!vmid.empty()) numbers.push_back(vmid);
    const auto node = text_at(change->identity, "node");
    if (!node.empty() && std::find(nodes.begin(), nodes.end(), node) == nodes.end())
      nodes.push_back(node);
    same_status = same_status && text_at(change->facts, "status") == status;
  }
  auto text = schema::key_ranges(numbers);
  if (!nodes.empty()) text += (text.empty() ? "on " : " on ") + schema::join_words(nodes);
  if (same_status && !status.empty()) text += (text.empty() ? "" : ", ") + status;
  return text;
}

std::string effect_words(const AttributeChange& attribute) {
  if (attribute.effects.loses_data()) return "loses " + lost_text(attribute.effects.lost_bytes());
  if (attribute.effects.waits_for_restart) return "waits for a restart";
  if (attribute.forces_replace)
    return "forces replacement" + (attribute.note.empty() ? "" : ": " + attribute.note);
  switch (attribute.effects.availability) {
    case model::Availability::none:
      return attribute.note.empty() ? "" : attribute.note;
    case model::Availability::live:
      return attribute.note.empty() ? "live" : "live; " + attribute.note;
    case model::Availability::disturb:
    case model::Availability::restart:
    case model::Availability::stop:
      break;
  }
  const std::string words(model::name(attribute.effects.availability));
  return attribute.note.empty() ? words : words + ": " + attribute.note;
}

char symbol_of(const AttributeChange& attribute) {
  if (attribute.released) return '.';
  if (attribute.before.is_null()) return '+';
  return attribute.after.is_null() ? '-' : '~';
}

std::string values_text(const AttributeChange& attribute, const schema::AttributeSchema* schema) {
  const bool part = schema != nullptr && schema->type.kind == TypeKind::keyed_part;
  if (part && attribute.before.is_null()) return part_text(*schema, attribute.after);
  if (part && attribute.after.is_null())
    return part_text(*schema, attribute.before) + " -> removed";
  if (attribute.released) return "no longer managed, stays " + value_text(schema, attribute.after);
  const bool secret =
      attribute.sensitive || (attribute.before.sensitive() && attribute.after.sensitive());
  if (secret && symbol_of(attribute) != '~') return "(secret)";
  if (secret)
    return attribute.before == attribute.after ? "(secret) sent again" : "(secret) changed";
  if (attribute.before.is_null()) return value_text(schema, attribute.after);
  if (attribute.after.is_null()) return value_text(schema, attribute.before) + " -> unset";
  return value_text(schema, attribute.before) + " -> " + value_text(schema, attribute.after);
}

/// One line, or some, behind what `out` holds already.
void attribute_line(char symbol, std::string_view name, std::string_view values,
                    std::string_view effect, std::size_t width, std::string& out) {
  const auto begin = out.size();
  out.append(6, ' ');
  out += symbol;
  out += ' ';
  out += padded(schema::escape_controls(name), kValueColumn - kNameColumn);
  out += wrapped(values, columns(std::string_view(out).substr(begin)), kValueColumn, width);
  if (!effect.empty()) {
    const auto last_break = out.rfind('\n');
    const auto line = last_break == std::string::npos ? begin : std::max(begin, last_break + 1);
    const auto used = columns(std::string_view(out).substr(line));
    if (used + 2 > kEffectColumn) out += '\n';
    out.append(used + 2 > kEffectColumn ? kEffectColumn : kEffectColumn - used, ' ');
    out += wrapped(effect, kEffectColumn, kEffectColumn, width);
  }
  out += '\n';
}

/// Tables without a schema (record.input) become one line a leaf. `name` is as before at the end.
void free_form_lines(char symbol, std::string& name, const Value& value, std::size_t width,
                     std::string& out) {
  if (!value.has_fields() || value.as_fields().empty() || value.sensitive())
    return attribute_line(symbol, name, value_text(nullptr, value), "", width, out);
  const auto length = name.size();
  for (const auto& [key, inner] : value.as_fields()) {
    name += '.';
    name += key;
    free_form_lines(symbol, name, inner, width, out);
    name.resize(length);
  }
}

void attribute_lines(const AttributeChange& attribute, const schema::ResourceSchema* schema,
                     std::size_t width, std::string& out) {
  const auto* found = schema != nullptr ? schema->object.find(attribute.path) : nullptr;
  const auto symbol = symbol_of(attribute);
  auto name = attribute.path.text();
  const bool free_form = found == nullptr || found->type.kind == TypeKind::any;
  if (free_form && symbol == '+' && !attribute.sensitive)
    return free_form_lines(symbol, name, attribute.after, width, out);
  attribute_line(symbol, name, values_text(attribute, found), effect_words(attribute), width, out);
}

std::string labelled(const char* label, const std::string& text, std::size_t width) {
  if (text.empty()) return {};
  return "      " + padded(label, 10) + wrapped(text, 16, 16, width) + "\n";
}

std::string losses_text(const Change& change) {
  std::string text;
  for (const auto& effect : change.effects.data) {
    if (effect.kind != model::DataEffect::Kind::loss) continue;
    text += (text.empty() ? "" : ", ") + effect.volume + " " +
            (effect.bytes == 0 ? "(size unknown)" : schema::readable_size(effect.bytes));
  }
  const auto snapshots = lost_snapshots_text(change);
  if (!snapshots.empty()) text += (text.empty() ? "" : ", ") + snapshots;
  return text;
}

/// Whether it matters in which order things are done: where a guest is made, something ends, or is
/// waited for.
bool tells_steps(const ChangeGroup& group) {
  const auto& change = *group.changes.front();
  const bool ends = change.effects.availability >= model::Availability::disturb ||
                    change.effects.loses_data() || change.removes();
  const bool waits = std::any_of(group.steps.begin(), group.steps.end(), [](const auto& step) {
    return step.starts_with("wait ") || step.find(", wait ") != std::string::npos;
  });
  const bool makes_guest = change.action == Action::create && change.address.type == "vm";
  return waits || ((ends || makes_guest) && group.steps.size() > 1);
}

std::string joined(const std::vector<std::string>& items) {
  return fmt::format("{}", fmt::join(items, ", "));
}

/// "2026-11-12 03:00 UTC"
std::string minute_text(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

std::string notes_text(const ChangeGroup& group, bool allowed, const PlanTextOptions& options) {
  const auto& change = *group.changes.front();
  const auto width = options.width;
  std::string text = labelled("because", change.reason, width);
  if (tells_steps(group) || options.all_attributes)
    text += labelled("steps", joined(group.steps), width);
  if (worst_effect(change) == WorstEffect::waits_for_restart) {
    const auto who = group.changes.size() > 1 ? change.address.group() : change.address;
    text += labelled("restart",
                     "not by this plan; to have it, plan again with --restart " + who.shell_text() +
                         ", now or after this apply",
                     width);
  }
  if (!change.moved_from.empty())
    text += "      " + wrapped("moved from " + change.moved_from, 6, 8, width) + "\n";
  if (!change.imported_from.empty())
    text += "      " + wrapped("imported from " + change.imported_from, 6, 8, width) + "\n";
  for (const auto& note : change.notes) text += "      " + wrapped(note, 6, 8, width) + "\n";
  for (const auto& effect : change.effects.data) {
    if (effect.kind != model::DataEffect::Kind::copy) continue;
    const auto copied = effect.volume + ", copies up to " + schema::readable_size(effect.bytes);
    text += "      " + wrapped(copied, 6, 8, width) + "\n";
  }
  if (const Value* lock = change.facts.find("lock"); lock != nullptr && lock->is_string())
    text +=
        labelled("lock",
                 fmt::format("{}: apply waits {} s for its end, then it fails", lock->as_string(),
                             engine::lock_patience(&change.after, &change.before).count()),
                 width);
  const auto losses = losses_text(change);
  text += labelled("loses", losses, width);
  for (const auto& each : change.also) text += labelled("also", each, width);
  text += labelled("backup", backup_text(change), width);
  if (!losses.empty() && !allowed) {
    const auto option = "--allow data-loss=" + change.address.shell_text();
    text += labelled("allow",
                     options.asks_for_name
                         ? "with the topology's name, which is asked for below, or with " + option
                         : "apply refuses this plan; plan again with " + option,
                     width);
  }
  text += labelled("effect", interrupted_nodes(group), width);
  if (change.effects.may_lock_out) text += labelled("effect", "may lock you out", width);
  for (const auto& warning : change.warnings) text += labelled("warning", warning, width);
  return text;
}

}  // namespace

std::string backup_text(const Change& change) {
  if (!change.backup) return {};
  const auto& [seen, covers, leaves_out] = *change.backup;
  const auto hidden = fmt::format("{}", fmt::join(seen.hidden, "; "));
  if (seen.volume.empty()) {
    const auto where = seen.looked_at.empty() ? "" : " on " + joined(seen.looked_at);
    return hidden.empty() ? "none" + where : fmt::format("none visible{}: {}", where, hidden);
  }
  auto text = fmt::format("{} on {}{}", minute_text(seen.taken_at), seen.storage,
                          seen.verified ? ", verified" : "");
  if (!covers.empty()) text += "; covers " + joined(covers);
  if (!leaves_out.empty())
    text += fmt::format("{} NOT {}", covers.empty() ? ";" : ",", joined(leaves_out));
  if (!hidden.empty()) text += "; newer ones may be hidden: " + hidden;
  return text;
}

std::string lost_snapshots_text(const model::Change& change) {
  const auto& names = change.effects.lost_snapshots;
  if (names.empty()) return {};
  return fmt::format("{} ({})", counted(names.size(), "snapshot"), fmt::join(names, ", "));
}

std::string interrupted_nodes(const ChangeGroup& group) {
  std::vector<std::string> nodes;
  for (const auto* change : group.changes) {
    const auto& node = change->effects.interrupts_node;
    if (!node.empty() && std::find(nodes.begin(), nodes.end(), node) == nodes.end())
      nodes.push_back(node);
  }
  if (nodes.empty()) return {};
  return fmt::format("interrupts {} {}", nodes.size() == 1 ? "node" : "nodes",
                     schema::join_words(nodes));
}

std::string group_address(const ChangeGroup& group) {
  const auto& first = group.changes.front()->address;
  if (group.changes.size() == 1) return first.text();
  std::vector<std::string> keys;
  for (const auto* change : group.changes) keys.push_back(*change->address.key);
  return first.group().text() + "[" + schema::key_ranges(keys) + "]";
}

std::string attribute_brief(const AttributeChange& attribute,
                            const schema::ResourceSchema* schema) {
  const auto* found = schema != nullptr ? schema->object.find(attribute.path) : nullptr;
  return attribute.path.text() + " " + values_text(attribute, found);
}

namespace {

/// The number and the node of what is made stand in the block's first line.
bool stands_in_headline(const Change& change, const AttributeChange& attribute) {
  const auto& steps = attribute.path.steps();
  if (change.action != Action::create || steps.size() != 1) return false;
  if (steps[0] != "vmid" && steps[0] != "node") return false;
  const Value* held = change.identity.find(steps[0]);
  return held != nullptr && *held == attribute.after;
}

}  // namespace

std::string folding_key(const Change& change) {
  std::string key(1, static_cast<char>(change.action));
  key += change.reason.find(" has no key ") == std::string::npos ? change.reason : "";
  if (change.effects.loses_data()) key += change.address.text();
  key += change.moved_from + "|" + change.imported_from;
  for (const auto& note : change.notes) key += "\n" + note;
  for (const auto& effect : change.effects.data)
    key += fmt::format("\n{} {}", effect.volume, effect.bytes);
  for (const auto& snapshot : change.effects.lost_snapshots) key += "\n" + snapshot;
  for (const auto& each : change.also) key += "\n" + each;
  key += "\n" + backup_text(change);
  for (const auto& attribute : change.attributes) {
    key +=
        fmt::format("\n{}|{}|{}|{}", attribute.path.text(), value_text(nullptr, attribute.before),
                    value_text(nullptr, attribute.after), effect_words(attribute));
  }
  return key;
}

std::string block_text(const ChangeGroup& group, const schema::ResourceSchema* schema,
                       const PlanTextOptions& options) {
  const auto& change = *group.changes.front();
  auto text = fmt::format("  {} ", static_cast<char>(change.action)) +
              padded(group_address(group), 32) + padded(model::name(change.action), 11);
  text += wrapped(where_text(group), columns(text), kWhereColumn, options.width);
  while (text.back() == ' ') text.pop_back();
  const auto& asked = options.needs_permission;
  const bool allowed = std::find(asked.begin(), asked.end(), change.address) == asked.end();
  text += "\n" + notes_text(group, allowed, options);
  for (const auto& attribute : change.attributes) {
    if (!stands_in_headline(change, attribute))
      attribute_lines(attribute, schema, options.width, text);
  }
  if (!options.all_attributes) return text;
  const char symbol = change.action == Action::remove ? '-' : ' ';
  for (const auto& [name, value] : standing_attributes(change, schema))
    attribute_line(symbol, name, value, "", options.width, text);
  return text;
}

}  // namespace pveplan::view
