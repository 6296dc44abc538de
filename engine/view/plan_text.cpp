#include "engine/view/plan_text.hpp"

#include "engine/view/change_block.hpp"
#include "engine/view/output_text.hpp"
#include "engine/view/plan_sections.hpp"
#include "engine/view/text.hpp"
#include "schema/screen_line.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::view {

using model::Plan;

namespace {

std::string origin_line(const Plan& plan) {
  const auto& origin = plan.origin;
  std::string text = origin.topology;
  if (origin.cluster == "none") {
    text += " (no cluster)";
  } else {
    const bool nameless = origin.cluster_name.find("://") != std::string::npos;
    const auto where = nameless ? "the cluster at " + origin.cluster_name
                                : fmt::format("cluster \"{}\"", origin.cluster_name);
    text +=
        fmt::format(" on {} ({} of {} nodes online, Proxmox VE {}{})", where, origin.nodes_online,
                    origin.nodes, origin.server_version,
                    nameless ? "; the token may not read its name: it lacks Sys.Audit on /" : "");
  }
  text +=
      origin.lineage.empty() ? ", no state yet" : fmt::format(", state serial {}", origin.serial);
  return wrapped(text, 0, 2);
}

std::string list_or_nothing(const Plan& plan) {
  std::string text;
  for (const auto& glob : plan.allowed)
    text += (text.empty() ? "" : ", ") + ("data loss of " + glob);
  for (const auto& glob : plan.restarts)
    text += (text.empty() ? "" : ", ") + ("restart of " + glob);
  for (const auto& glob : plan.replaces)
    text += (text.empty() ? "" : ", ") + ("replacement of " + glob);
  return text.empty() ? "nothing that loses data; restarts if restart = now" : text;
}

std::string partial_text(const Plan& plan) {
  if (!plan.partial()) return {};
  const auto held = static_cast<std::uint64_t>(
      std::count_if(plan.unknown.begin(), plan.unknown.end(),
                    [](const model::UnknownObject& each) { return each.blocker.has_value(); }));
  const auto hidden = plan.unknown.size() - held;
  auto text = fmt::format("PARTIAL PLAN: {} cannot be read", counted(hidden, "resource"));
  if (held > 0) text += fmt::format(", {} not planned for that reason", held);
  text += fmt::format("; {} as {}\n", plan.unknown.size() == 1 ? "it stays" : "all stay",
                      plan.unknown.size() == 1 ? "it is" : "they are");
  text = wrapped(text, 0, 2) + "\n";
  for (const auto& each : plan.unknown) {
    const auto* label = each.blocker ? "not planned: " : "cannot be read: ";
    text += "  ? " + padded(each.address.text(), 32) + wrapped(label + each.reason, 36, 36) + "\n";
  }
  return text + "\n";
}

std::string intents_text(const Plan& plan) {
  std::string text;
  for (const auto& intent : plan.open_intents) {
    text += wrapped(fmt::format("{}: {} was begun by an earlier run and its end is not known yet",
                                intent.address.text(), intent.operation),
                    0, 2) +
            "\n";
  }
  return text.empty() ? text : text + "\n";
}

std::string drift_value(const schema::AttributeSchema* attribute, const schema::Value& value) {
  return value_text(attribute, value);
}

std::string drift_line(const model::Drift& drift, const schema::SchemaRegistry& schemas) {
  const auto* schema = schemas.find(drift.address.type);
  const auto* attribute = schema != nullptr ? schema->object.find(drift.path) : nullptr;
  std::string text = "  " + padded(drift.address.text(), 13);
  if (drift.path.empty()) return text + wrapped(drift.note, columns(text), 24) + "\n";
  text += padded(schema::escape_controls(drift.path.text()), 9);
  auto values = "is " + drift_value(attribute, drift.is);
  if (!drift.was.is_null()) values = "was " + drift_value(attribute, drift.was) + ", " + values;
  if (drift.wanted.is_null()) {
    values += ", no longer stated: left as it is";
  } else if (drift.wanted == drift.is) {
    values += ", which is what the topology wants";
  } else {
    values += fmt::format(", wanted {}", drift_value(attribute, drift.wanted));
  }
  if (!drift.note.empty()) values += ": " + drift.note;
  return text + wrapped(values, columns(text), 24) + "\n";
}

std::string drift_text(const Plan& plan, const schema::SchemaRegistry& schemas) {
  if (plan.drift.empty()) return {};
  std::string text = "Changed outside of pveplan since the last apply:\n";
  for (const auto& drift : plan.drift) text += drift_line(drift, schemas);
  return text + "\n";
}

std::string section_text(const Section& section, const schema::SchemaRegistry& schemas,
                         const PlanTextOptions& options) {
  std::string text = section.heading + "\n\n";
  for (const auto& group : section.groups) {
    const auto* schema = schemas.find(group.changes.front()->address.type);
    text += block_text(group, schema, options) + "\n";
  }
  return text;
}

std::string waiting_text(const Plan& plan) {
  if (plan.waiting.empty()) return {};
  std::string text;
  for (const auto& [address, what] : plan.waiting) {
    text += (text.empty() ? "" : ", ") + address.text() + " (" + what + ")";
  }
  return fmt::format("{} for a restart: {}",
                     plan.waiting.size() == 1 ? "1 guest waits"
                                              : fmt::format("{} guests wait", plan.waiting.size()),
                     text);
}

/// Who was made from an older image stays as it is: what a block is made from is for new ones.
std::string older_text(const Plan& plan) {
  const auto texts = older_texts(plan);
  if (texts.empty()) return {};
  return wrapped(fmt::format("Made from an older version of an image or template, and left as {}: "
                             "{}. `--replace {}` makes {} anew.",
                             plan.older.size() == 1 ? "it is" : "they are", fmt::join(texts, ", "),
                             plan.older.front().first.shell_text(),
                             plan.older.size() == 1 ? "it" : "the first"),
                 0, 2) +
         "\n";
}

/// What a later plan does, once what it reads is in effect.
std::string postponed_text(const Plan& plan) {
  if (plan.postponed.empty()) return {};
  auto text = fmt::format("POSTPONED  {}, for a later plan\n\n",
                          counted(plan.postponed.size(), "resource"));
  for (const auto& each : plan.postponed) {
    text += fmt::format("  {} ", static_cast<char>(each.action)) + padded(each.address.text(), 32) +
            wrapped("postponed: " + each.reason, 36, 36) + "\n";
  }
  return text + "\n";
}

std::string empty_text(const Plan& plan) {
  std::string text = fmt::format(
      "{} {} the topology", plan.empty() ? "No changes." : "No changes but to outputs.",
      plan.matching == 1 ? "1 resource matches" : fmt::format("{} resources match", plan.matching));
  if (plan.mode == model::PlanMode::refresh)
    text = "No changes. The state knows everything as it is";
  if (plan.mode == model::PlanMode::destroy && plan.empty())
    text = plan.partial()
               ? "No changes. What is listed above is all that is left, and it cannot be "
                 "destroyed as long as it cannot be read"
               : "No changes. Nothing of this topology is left to destroy";
  const auto waiting = waiting_text(plan);
  if (!waiting.empty()) text += "; " + waiting;
  text += ".";
  const auto calls = plan.reads + plan.extra_reads;
  if (calls > 0) text += " " + counted(calls, "call") + ".";
  return wrapped(text, 0, 0) + "\n" + older_text(plan);
}

/// Colour by line: it repeats what the symbol or the first word says.
std::string coloured(const std::string& text) {
  std::string result;
  for (std::size_t start = 0; start < text.size();) {
    const auto end = std::min(text.find('\n', start), text.size());
    const auto line = std::string_view(text).substr(start, end - start);
    const char* colour = nullptr;
    const auto mark = line.find_first_not_of(' ');
    if (line.starts_with("DANGER") || line.starts_with("PARTIAL") ||
        line.starts_with("NOT REFRESHED"))
      colour = "\x1b[1;31m";
    if (line.starts_with("RESTART") || line.starts_with("DISTURB")) colour = "\x1b[1;33m";
    if (mark != std::string_view::npos && mark >= 2 && line.substr(mark + 1, 1) == " ") {
      if (line[mark] == '+') colour = "\x1b[32m";
      if (line[mark] == '-') colour = "\x1b[31m";
      if (line[mark] == '~' || line[mark] == '/') colour = "\x1b[33m";
    }
    result += colour != nullptr ? fmt::format("{}{}\x1b[0m", colour, line) : std::string(line);
    if (end < text.size()) result += '\n';
    start = end + 1;
  }
  return result;
}

}  // namespace

std::string limits_text(const Plan& plan) {
  std::string text;
  if (plan.limited()) {
    const bool excludes = !plan.excludes.empty();
    std::string options;
    for (const auto& each : excludes ? plan.excludes : plan.targets)
      options += fmt::format("{}--{} {}", options.empty() ? "" : ", ",
                             excludes ? "exclude" : "target", each);
    text += wrapped(fmt::format("PARTIAL PLAN: {} {} and what {}; {} left as {}.",
                                excludes ? "everything without" : "only", options,
                                excludes ? "cannot be done without it" : "has to be done for it",
                                plan.left_out == 1 ? "1 resource is"
                                                   : fmt::format("{} resources are", plan.left_out),
                                plan.left_out == 1 ? "it is" : "they are"),
                    0, 2) +
            "\n";
  }
  if (!plan.refreshed) {
    text +=
        wrapped(
            "NOT REFRESHED: made from the state alone (--refresh=false). What others changed since "
            "the last apply is not seen, so this is for looking only.",
            0, 2) +
        "\n";
  }
  return text;
}

namespace {

std::string refresh_summary(const Plan& plan) {
  const auto gone = count_changes(plan).forget;
  auto text = fmt::format("Refresh: {} to take into the state",
                          counted(plan.changes.size() - gone, "resource"));
  if (gone > 0) text += fmt::format(", {} to forget", gone);
  return text + ". No server is changed.\n";
}

}  // namespace

std::string summary_text(const Plan& plan) {
  if (plan.mode == model::PlanMode::refresh) return refresh_summary(plan);
  const auto counts = count_changes(plan);
  const auto outputs = output_counts(plan);
  if (!changes_resources(plan)) return outputs.empty() ? "" : "Plan: " + outputs + ".\n";
  std::string text = "Plan: ";
  if (counts.import > 0) text += fmt::format("{} to import, ", counts.import);
  text += fmt::format("{} to add, {} to change, {} to destroy", counts.add, counts.change,
                      counts.destroy);
  if (counts.forget > 0) text += fmt::format(", {} to forget", counts.forget);
  text += ".\n" + effects_line(plan);
  if (!outputs.empty()) text += "Besides: " + outputs + ".\n";
  if (counts.replace > 0) {
    text += fmt::format("{} to replace: counted above as one added and one destroyed each.\n",
                        counts.replace);
  }
  return text;
}

namespace {

std::string uncoloured_text(const Plan& plan, const schema::SchemaRegistry& schemas,
                            const PlanTextOptions& options) {
  std::string text = limits_text(plan) + partial_text(plan) + origin_line(plan) + "\n";
  if (!plan.empty()) text += "allowed with this plan: " + list_or_nothing(plan) + "\n";
  text += "\n" + intents_text(plan) + drift_text(plan, schemas);
  if (plan.empty()) return text + postponed_text(plan) + empty_text(plan);
  for (const auto& section : sections(plan, !options.all_attributes))
    text += section_text(section, schemas, options);
  text += postponed_text(plan);
  const auto outputs = output_changes_text(plan);
  text += outputs + (outputs.empty() ? "" : "\n");
  if (!changes_resources(plan)) return text + empty_text(plan) + summary_text(plan);
  text += summary_text(plan);
  const auto waiting = waiting_text(plan);
  if (!waiting.empty())
    text += wrapped("Pending since the last apply: " + waiting + ".", 0, 2) + "\n";
  text += older_text(plan);
  if (!plan.capacity.empty()) {
    text +=
        wrapped(fmt::format("Free after apply: {}.", fmt::join(plan.capacity, ", ")), 0, 2) + "\n";
  }
  return text + calls_line(plan);
}

}  // namespace

std::string drift_report(const Plan& plan, const schema::SchemaRegistry& schemas) {
  const auto text = partial_text(plan) + origin_line(plan) + "\n\n";
  if (!plan.drift.empty()) return text + drift_text(plan, schemas);
  return text + "No drift. Everything that pveplan manages is as it left it.\n";
}

std::string plan_text(const Plan& plan, const schema::SchemaRegistry& schemas,
                      const PlanTextOptions& options) {
  auto look = options;
  look.needs_permission = plan.needs_permission;
  const auto text = uncoloured_text(plan, schemas, look);
  return options.colour ? coloured(text) : text;
}

}  // namespace pveplan::view
