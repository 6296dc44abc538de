#include "engine/view/plan_markdown.hpp"

#include "engine/view/change_block.hpp"
#include "engine/view/output_text.hpp"
#include "engine/view/plan_sections.hpp"
#include "engine/view/text.hpp"
#include "schema/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace pveplan::view {

using model::Action;
using model::Plan;

namespace {

enum class Level { red, amber, green };
constexpr std::array kLevels = {Level::red, Level::amber, Level::green};

const char* dot_of(Level level) {
  return level == Level::red ? "🔴" : level == Level::amber ? "🟠" : "🟢";
}
const char* word_of(Level level) {
  return level == Level::red ? "red" : level == Level::amber ? "amber" : "green";
}

Level level_of(const model::Change& change) {
  switch (worst_effect(change)) {
    case WorstEffect::data_loss:
      return Level::red;
    case WorstEffect::stop:
    case WorstEffect::restart:
    case WorstEffect::disturb:
      return Level::amber;
    case WorstEffect::waits_for_restart:
    case WorstEffect::live:
    case WorstEffect::none:
    case WorstEffect::creates:
      break;
  }
  const bool hurts =
      change.removes() || !change.effects.interrupts_node.empty() || change.effects.may_lock_out;
  return hurts ? Level::amber : Level::green;
}

std::size_t longest_run(const std::string& text, char wanted) {
  std::size_t longest = 0, run = 0;
  for (const char c : text) {
    run = c == wanted ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

/// A code span: nothing inside is markup, a mention or a link. Fit for a table cell.
std::string code(const std::string& text) {
  const std::string fence(longest_run(text, '`') + 1, '`');
  const bool touches = text.starts_with('`') || text.ends_with('`');
  std::string inner;
  for (const char c : text) {
    if (c == '|') inner += '\\';
    inner += c == '\n' || c == '\r' ? ' ' : c;
  }
  return fence + (touches ? " " + inner + " " : inner) + fence;
}

std::string html(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '&':
        result += "&amp;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

/// Cuts a long text at a whole character.
std::string cut_to_bytes(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  auto end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

/// "`a`, `b` and 3 more".
std::string listed(const std::vector<std::string>& items, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(items.size(), most); ++i)
    text += (i == 0 ? "" : ", ") + items[i];
  if (items.size() > most) text += fmt::format(" and {} more", items.size() - most);
  return text;
}

std::string with_arrows(std::string text) {
  for (auto at = text.find(" -> "); at != std::string::npos; at = text.find(" -> ", at))
    text.replace(at, 4, " → ");
  return text;
}

std::string change_words(const ChangeGroup& group, const schema::ResourceSchema* schema) {
  const auto& change = *group.changes.front();
  const auto* node = change.identity.find("node");
  std::string verb(model::name(change.action));
  if (change.action == Action::create && node != nullptr && node->is_string())
    verb += " on " + code(node->as_string());
  if (change.action != Action::update && change.action != Action::replace) return verb;
  std::vector<std::string> words;
  for (const auto& attribute : change.attributes)
    words.push_back(code(cut_to_bytes(with_arrows(attribute_brief(attribute, schema)), 80)));
  auto text = listed(words, 4);
  if (change.resumes) text += text.empty() ? "resumes" : ", resumes";
  if (change.action == Action::replace) return text.empty() ? verb : verb + ": " + text;
  return text;
}

std::string effect_words_of(const ChangeGroup& group) {
  const auto& change = *group.changes.front();
  std::vector<std::string> words;
  if (change.effects.loses_data())
    words.push_back("loses " + lost_text(change.effects.lost_bytes()));
  if (const auto lost = change.effects.lost_snapshots.size(); lost > 0)
    words.push_back("loses " + counted(lost, "snapshot"));
  const auto availability = change.effects.availability;
  if (availability >= model::Availability::disturb) words.emplace_back(model::name(availability));
  if (const auto nodes = interrupted_nodes(group); !nodes.empty()) words.push_back(nodes);
  if (change.effects.may_lock_out) words.emplace_back("may lock you out");
  if (change.effects.waits_for_restart) words.emplace_back("waits for a restart");
  if (const auto copied = change.effects.copied_bytes(); copied > 0)
    words.push_back("copies up to " + schema::readable_size(copied));
  if (words.empty())
    words.emplace_back(change.action == Action::create             ? "new"
                       : availability == model::Availability::live ? "live"
                                                                   : "none");
  return listed(words, words.size());
}

/// The block with its symbols in the first column, where a diff colours them.
std::string diff_lines(const std::string& block) {
  std::string result;
  for (std::size_t start = 0; start < block.size();) {
    const auto end = std::min(block.find('\n', start), block.size());
    auto line = block.substr(start, end - start);
    const auto mark = line.find_first_not_of(' ');
    const bool symbol = (mark == 2 || mark == 6) && line.substr(mark + 1, 1) == " ";
    const auto shape = symbol ? std::string("+-~/").find(line[mark]) : std::string::npos;
    if (shape != std::string::npos) {
      const char colour = shape < 2 ? line[mark] : '!';
      line[mark] = ' ';
      line[0] = colour;
    }
    while (line.ends_with(' ')) line.pop_back();
    result += line + "\n";
    start = end + 1;
  }
  return result;
}

/// One row of the table with its folded details.
struct Entry {
  Level level = Level::green;
  std::string row;
  std::string details;
};

Entry entry_of(const ChangeGroup& group, const schema::SchemaRegistry& schemas,
               const PlanTextOptions& look) {
  const auto& change = *group.changes.front();
  const auto* schema = schemas.find(change.address.type);
  const auto address = group_address(group);
  Entry entry;
  entry.level = level_of(change);
  entry.row = fmt::format("| {} | {} | {} | {} |\n", dot_of(entry.level), code(address),
                          change_words(group, schema), effect_words_of(group));
  const auto block = diff_lines(block_text(group, schema, look));
  const std::string fence(std::max<std::size_t>(3, longest_run(block, '`') + 1), '`');
  entry.details = fmt::format(
      "<details><summary>{} <code>{}</code> {}</summary>\n\n{}diff\n{}{}\n"
      "</details>\n\n",
      dot_of(entry.level), html(address), model::name(change.action), fence, block, fence);
  return entry;
}

/// All outputs together: they change nothing anywhere.
Entry entry_of_outputs(const std::string& block, const std::string& counts) {
  Entry entry;
  entry.row = fmt::format("| {} | outputs | {} | none |\n", dot_of(entry.level), counts);
  const auto lines = diff_lines(block.substr(block.find('\n') + 1));
  const std::string fence(std::max<std::size_t>(3, longest_run(lines, '`') + 1), '`');
  entry.details = fmt::format("<details><summary>{} {}</summary>\n\n{}diff\n{}{}\n</details>\n\n",
                              dot_of(entry.level), counts, fence, lines, fence);
  return entry;
}

std::string addresses_with(const Plan& plan, WorstEffect wanted) {
  std::vector<std::string> found;
  for (const auto& change : plan.changes) {
    if (worst_effect(change) == wanted) found.push_back(code(change.address.text()));
  }
  return listed(found, 10);
}

/// Of one loss its backup; of several, how many have one.
std::string backup_sentence(const Plan& plan) {
  std::vector<const model::Change*> asked;
  for (const auto& change : plan.changes) {
    if (change.backup) asked.push_back(&change);
  }
  if (asked.empty()) return {};
  if (asked.size() == 1) return " Last backup: " + code(backup_text(*asked.front())) + ".";
  const auto without = std::count_if(asked.begin(), asked.end(), [](const auto* change) {
    return change->backup->seen.volume.empty();
  });
  return fmt::format(" Of {} guests, {} {} no visible backup.", asked.size(), without,
                     without == 1 ? "has" : "have");
}

std::string danger_lines(const Plan& plan) {
  model::Effects all;
  for (const auto& change : plan.changes) all.merge(change.effects);
  std::vector<std::string> sentences;
  if (all.loses_data())
    sentences.push_back(fmt::format(
        "**Destroys data: {} of {}.** It is gone for good, except what a backup holds.{}",
        lost_text(all.lost_bytes()), addresses_with(plan, WorstEffect::data_loss),
        backup_sentence(plan)));
  const auto tell = [&](WorstEffect effect, const char* verb) {
    const auto who = addresses_with(plan, effect);
    if (!who.empty()) sentences.push_back(fmt::format("**{}** {}.", verb, who));
  };
  tell(WorstEffect::stop, "Stops");
  tell(WorstEffect::restart, "Restarts");
  tell(WorstEffect::disturb, "Disturbs");
  tell(WorstEffect::waits_for_restart, "Not in effect before a restart:");
  std::set<std::string> nodes;
  for (const auto& change : plan.changes) {
    if (!change.effects.interrupts_node.empty()) nodes.insert(change.effects.interrupts_node);
  }
  for (const auto& node : nodes)
    sentences.push_back(fmt::format("**Interrupts the network of node** {}.", code(node)));
  if (auto sure = assurance(plan); !sure.empty()) sentences.push_back(std::move(sure));
  std::vector<std::string> grown;
  for (const auto& each : grown_disks(plan)) grown.push_back(code(each));
  if (!grown.empty())
    sentences.push_back(fmt::format("Cannot shrink again: {}.", listed(grown, 10)));
  std::string text;
  for (const auto& each : sentences) text += (text.empty() ? "" : " ") + each;
  if (!text.empty()) text += "\n";
  if (!plan.needs_permission.empty()) {
    std::vector<std::string> flags;
    for (const auto& address : plan.needs_permission)
      flags.push_back(code("--allow data-loss=" + address.shell_text()));
    text += "Nobody has allowed that yet, so apply refuses this plan: plan again with " +
            listed(flags, 10) + ".\n";
  }
  return text;
}

std::string permissions_line(const Plan& plan) {
  std::vector<std::string> words;
  for (const auto& each : plan.allowed) words.push_back("data loss of " + code(each));
  for (const auto& each : plan.restarts) words.push_back("restart of " + code(each));
  return words.empty() ? "" : "Allowed with this plan: " + listed(words, 10) + ".\n";
}

std::string outside_lines(const Plan& plan) {
  std::string text;
  std::vector<std::string> changed, unreadable, held, postponed;
  for (const auto& each : plan.postponed)
    postponed.push_back(code(each.address.text()) + " (for " + code(each.blocker.text()) + ")");
  for (const auto& each : plan.drift)
    changed.push_back(code(each.address.text()) +
                      (each.path.empty() ? " " + each.note : " " + code(each.path.text())));
  for (const auto& each : plan.unknown) {
    if (each.blocker) {
      held.push_back(code(each.address.text()) + " (for " + code(each.blocker->text()) + ")");
    } else {
      unreadable.push_back(code(each.address.text()));
    }
  }
  if (!unreadable.empty())
    text += "Cannot be read and stay as they are: " + listed(unreadable, 10) + ".\n";
  if (!held.empty()) text += "Not planned, since these wait for them: " + listed(held, 10) + ".\n";
  if (!postponed.empty())
    text += "Postponed until a guest is restarted: " + listed(postponed, 10) + ".\n";
  if (!changed.empty())
    text += "Changed outside since the last apply: " + listed(changed, 10) + ".\n";
  return text;
}

std::string counts_text(const Plan& plan) {
  if (plan.empty()) return "no changes";
  const auto counts = count_changes(plan);
  std::string text;
  if (counts.import > 0) text += fmt::format("{} to import, ", counts.import);
  text += fmt::format("{} to add, {} to change, {} to destroy", counts.add, counts.change,
                      counts.destroy);
  if (counts.forget > 0) text += fmt::format(", {} to forget", counts.forget);
  if (counts.replace > 0) text += fmt::format(" ({} replaced)", counts.replace);
  const auto outputs = output_counts(plan);
  if (!changes_resources(plan)) return outputs;
  return outputs.empty() ? text : text + "; " + outputs;
}

/// What the terminal shows besides the changes.
std::string remarks(const Plan& plan) {
  std::vector<std::string> texts;
  for (const auto& each : plan.warnings) texts.push_back(each.summary + ": " + each.detail);
  std::string text;
  constexpr std::size_t kMost = 5;
  for (std::size_t i = 0; i < std::min(texts.size(), kMost); ++i)
    text += "Warning: " + code(cut_to_bytes(texts[i], 300)) + "\n\n";
  if (texts.size() > kMost)
    text += fmt::format("… and {} more warnings.\n\n", texts.size() - kMost);
  std::vector<std::string> older;
  for (const auto& each : older_texts(plan)) older.push_back(code(each));
  if (!older.empty())
    text += "Made from an older version of an image or template, and left alone without " +
            code("--replace") + ": " + listed(older, 10) + ".\n";
  std::vector<std::string> places;
  for (const auto& each : plan.capacity) places.push_back(code(each));
  if (!places.empty()) text += "Free after apply: " + listed(places, 10) + ".\n";
  return text;
}

/// What the plan is not about, before anything that it says.
std::string limit_lines(const Plan& plan) {
  auto text = limits_text(plan);
  if (text.empty()) return text;
  std::replace(text.begin(), text.end(), '\n', ' ');
  return code(cut_to_bytes(text.substr(0, text.size() - 1), 500)) + "\n\n";
}

std::string head_of(const Plan& plan) {
  const auto name = cut_to_bytes(plan.origin.topology, 100);
  auto text = fmt::format("<!-- pveplan {} -->\n### {}pveplan {}: {}\n", name,
                          plan.partial() || plan.limited() ? "PARTIAL PLAN: " : "", name,
                          counts_text(plan));
  text += limit_lines(plan) + danger_lines(plan) + permissions_line(plan) + outside_lines(plan) +
          remarks(plan);
  return text + "\n";
}

std::string foot_of(const engine::SavedPlan& saved, const std::string& plan_file) {
  const auto& origin = saved.plan.origin;
  auto text = origin.lineage.empty() ? std::string("no state yet")
                                     : fmt::format("state serial {}", origin.serial);
  if (origin.cluster != "none") text += " · cluster <code>" + html(origin.cluster_name) + "</code>";
  text += " · plan " + saved.id.substr(0, 12);
  if (!plan_file.empty())
    text += " · apply with <code>pveplan apply " + html(plan_file) + "</code>";
  return "<sub>" + text + "</sub>\n";
}

/// What is kept of the rows and of the details, and how long that is.
class Selection {
 public:
  Selection(const std::vector<Entry>& entries, std::size_t fixed)
      : entries_(entries), row_(entries.size(), true), details_(entries.size(), true) {
    size_ = fixed;
    for (const auto& each : entries) size_ += each.row.size() + each.details.size();
  }

  /// Leaves out whole levels of details, the green ones first, and then rows from the end.
  void fit(std::size_t most) {
    for (auto level = kLevels.rbegin(); level != kLevels.rend() && size_ > most; ++level) {
      for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (entries_[i].level == *level) drop(details_, i, entries_[i].details.size());
      }
    }
    for (auto level = kLevels.rbegin(); level != kLevels.rend() && size_ > most; ++level) {
      for (auto i = entries_.size(); i-- > 0 && size_ > most;) {
        if (entries_[i].level == *level) drop(row_, i, entries_[i].row.size());
      }
    }
  }

  std::string table() const {
    std::string text;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (row_[i]) text += entries_[i].row;
    }
    return text;
  }
  std::string details() const {
    std::string text;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (details_[i]) text += entries_[i].details;
    }
    return text;
  }
  std::string left_out() const {
    std::vector<std::string> words;
    for (const auto& [kept, what] : {std::pair(&details_, "details"), std::pair(&row_, "rows")}) {
      for (const auto level : kLevels) {
        const auto count = missing(*kept, level);
        if (count > 0) words.push_back(fmt::format("{} {} {}", count, word_of(level), what));
      }
    }
    return words.empty() ? "" : "Left out for length: " + listed(words, words.size()) + ".\n\n";
  }

 private:
  void drop(std::vector<bool>& kept, std::size_t i, std::size_t size) {
    kept[i] = false;
    size_ -= size;
  }
  std::size_t missing(const std::vector<bool>& kept, Level level) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i)
      count += !kept[i] && entries_[i].level == level ? 1 : 0;
    return count;
  }

  const std::vector<Entry>& entries_;
  std::vector<bool> row_, details_;
  std::size_t size_ = 0;
};

constexpr const char* kTableHead = "| | resource | change | effect |\n|---|---|---|---|\n";
constexpr std::size_t kLeftOutRoom = 200;  ///< the longest line that says what was left out

}  // namespace

std::string plan_markdown(const engine::SavedPlan& saved, const schema::SchemaRegistry& schemas,
                          std::size_t max_bytes, const std::string& plan_file) {
  const auto& plan = saved.plan;
  const auto most = std::max(max_bytes, kLeastMarkdown);
  auto head = head_of(plan);
  const auto foot = foot_of(saved, cut_to_bytes(plan_file, 200));
  if (plan.empty()) {
    head += fmt::format("{} the topology.\n\n",
                        plan.matching == 1 ? "1 resource matches"
                                           : fmt::format("{} resources match", plan.matching));
  }
  const auto room = most - foot.size() - kLeftOutRoom - 100;
  if (head.size() > room) head = cut_to_bytes(head, room) + "\n\n";
  if (plan.empty()) return head + foot;
  std::vector<Entry> entries;
  PlanTextOptions look;
  look.needs_permission = plan.needs_permission;
  for (const auto& section : sections(plan)) {
    for (const auto& group : section.groups) entries.push_back(entry_of(group, schemas, look));
  }
  if (const auto outputs = output_changes_text(plan); !outputs.empty())
    entries.push_back(entry_of_outputs(outputs, output_counts(plan)));
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.level < b.level; });
  Selection selection(entries, head.size() + foot.size() + kLeftOutRoom + 100);
  selection.fit(most);
  const auto table = selection.table();
  auto text = head;
  if (!table.empty()) text += kTableHead + table + "\n";
  return text + selection.details() + selection.left_out() + foot;
}

}  // namespace pveplan::view
