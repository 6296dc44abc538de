#include "engine/view/explain_text.hpp"

#include "engine/plan_value.hpp"
#include "engine/view/text.hpp"
#include "schema/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::view {

using model::AttributeChange;
using schema::ResourceAddress;
using schema::Value;

namespace {

const char* rule_sentence(schema::EffectRule rule) {
  using schema::EffectRule;
  switch (rule) {
    case EffectRule::none:
      return "nobody notices a change of it";
    case EffectRule::live:
      return "it changes while the object runs";
    case EffectRule::restart:
      return "it is pending until the guest is restarted";
    case EffectRule::cloud_init:
      return "cloud-init reads it at the next start, and sees a new instance then";
    case EffectRule::hotplug_disk:
      return "a disk comes and goes live where disk hotplug is on, else with a restart";
    case EffectRule::hotplug_nic:
      return "a NIC comes and goes live where network hotplug is on, else with a restart";
    case EffectRule::hotplug_cpu:
      return "it changes live where CPU hotplug is on, else with a restart";
    case EffectRule::hotplug_memory:
      return "it changes live where memory hotplug is on, else with a restart";
    case EffectRule::replug_nic:
      return "the link of a running guest is interrupted";
    case EffectRule::grow_disk:
      return "a disk grows while the guest runs, its file system does not";
    case EffectRule::network_reload:
      return "the node's network is reloaded";
    case EffectRule::create_only:
      return "it is used when an object is made; a later change is for new ones";
    case EffectRule::replaces:
    case EffectRule::identity:
      break;
  }
  return "no living object takes a change of it: that replaces the object";
}

class Explanation {
 public:
  Explanation(const Explained& explained, const ResourceAddress& address)
      : explained_(explained), address_(address), resource_(explained.topology.find(address)) {
    if (resource_ == nullptr) resource_ = explained.topology.find(address.group());
    const auto row = explained.rows.find(address);
    if (row != explained.rows.end()) row_ = &row->second;
    schema_ = explained.schemas.find(address.type);
  }

  std::string text() {
    const auto* change = explained_.plan.change(address_);
    if (change == nullptr) {
      text_ = fmt::format("{}: no change\n", address_.text());
      line("because", why_nothing());
    } else {
      text_ = fmt::format("{}: {}\n", address_.text(), model::name(change->action));
      if (!change->reason.empty()) line("because", change->reason);
      for (const auto& note : change->notes) line("note", note);
      for (const auto& attribute : change->attributes) explain(attribute, change->action);
    }
    for (const auto& drift : explained_.plan.drift) {
      if (drift.address == address_ && !drift.path.empty())
        line("drift", fmt::format("{}: somebody else changed it from {} to {}", drift.path.text(),
                                  shown(drift.path, drift.was), shown(drift.path, drift.is)));
    }
    dependencies();
    return std::move(text_);
  }

 private:
  void line(const std::string& label, const std::string& value, std::size_t indent = 2) {
    const auto start = std::string(indent, ' ') + padded(label, 14 - indent);
    text_ += start + wrapped(value, columns(start), 14) + "\n";
  }

  std::string why_nothing() const {
    for (const auto& each : explained_.plan.unknown) {
      if (each.address == address_) return "it is left as it is: " + each.reason;
    }
    for (const auto& [address, what] : explained_.plan.waiting) {
      if (address == address_) return "it waits for a restart: " + what;
    }
    if (explained_.plan.limited()) return "nothing differs, or the plan leaves it out";
    return resource_ == nullptr ? "nothing is left to remove" : "nothing differs";
  }

  const schema::AttributeSchema* attribute_at(const schema::Path& path) const {
    return schema_ == nullptr ? nullptr : schema_->object.find(path);
  }

  std::string shown(const schema::Path& path, const Value& value) const {
    if (value.is_null()) return "not set";
    const auto* attribute = attribute_at(path);
    const bool digest = engine::digest_of_secret(value) != nullptr;
    if (digest || (attribute != nullptr && attribute->sensitive)) return std::string(kSecret);
    return value_text(attribute, value);
  }

  void explain(const AttributeChange& change, model::Action action) {
    text_ += "  " + change.path.text() + "\n";
    const auto show = [&](const Value& value) {
      return change.sensitive && !value.is_null() ? std::string(kSecret)
                                                  : shown(change.path, value);
    };
    const bool removal = change.after.is_null();
    line("wanted", (removal ? "not set" : show(change.after)) + origin(change), 4);
    const Value* owned = row_ == nullptr ? nullptr : row_->owned.find(change.path);
    line("state", owned == nullptr ? "nothing: pveplan has not written it" : show(*owned), 4);
    line("live",
         action == model::Action::create ? "nothing: it does not exist" : show(change.before), 4);
    effect(change);
  }

  void effect(const AttributeChange& change) {
    std::string text(model::name(change.effects.availability));
    if (change.effects.waits_for_restart) text = "waits for a restart";
    if (change.forces_replace) text = "replaces the object";
    if (change.released) text = "none: it is no longer managed and stays";
    if (!change.note.empty()) text += "; " + change.note;
    const auto* attribute = attribute_at(change.path);
    if (attribute != nullptr) text += fmt::format(" (rule: {})", rule_sentence(attribute->effect));
    line("effect", text, 4);
  }

  /// Where the wanted value stands.
  std::string origin(const AttributeChange& change) const {
    if (change.released) return ", since it is no longer stated";
    if (resource_ == nullptr || !is_stated(change.path)) {
      if (change.after.is_null()) return ", since nothing states it";
      const auto* attribute = attribute_at(change.path);
      const bool chosen = attribute != nullptr && attribute->choice != schema::Choice::none;
      return chosen ? ", chosen by pveplan and kept" : ", by default";
    }
    const auto span = resource_->span_of(change.path);
    const auto& places = explained_.places;
    if (!span.known() || span.file >= places.sources().size()) return {};
    return fmt::format(", stated in {} {}{}", places.line(span), places.header(span),
                       variables_in(span));
  }

  bool is_stated(const schema::Path& path) const {
    if (resource_->tree == nullptr) return false;
    const auto span = resource_->span_of(path);
    return resource_->attributes.find(path) != nullptr && span != resource_->span;
  }

  std::string variables_in(const schema::Span& span) const {
    const auto pieces = explained_.places.pieces(span);
    std::string text;
    for (const auto& variable : explained_.topology.variables) {
      const bool used = std::any_of(pieces.begin(), pieces.end(), [&](const auto& piece) {
        return piece.kind == schema::TextPiece::Kind::variable && piece.name == variable.name;
      });
      if (!used) continue;
      text += fmt::format(", from the variable {} ({})", variable.name, variable.origin);
    }
    return text;
  }

  void dependencies() {
    std::vector<std::string> needs, needed_by;
    const auto told = [](const ResourceAddress& address, const schema::Dependency& dependency) {
      return fmt::format("{} ({}{})", address.text(), dependency.attribute,
                         dependency.implied ? ", implied" : "");
    };
    if (resource_ != nullptr) {
      for (const auto& each : resource_->dependencies) needs.push_back(told(each.target, each));
    }
    for (const auto& resource : explained_.topology.resources) {
      for (const auto& each : resource.dependencies) {
        const bool meant = each.target == address_ || each.target == address_.group();
        if (meant) needed_by.push_back(told(resource.address, each));
      }
    }
    if (!needs.empty()) line("needs", schema::join_words(needs));
    if (!needed_by.empty()) line("needed by", schema::join_words(needed_by));
  }

  const Explained& explained_;
  const ResourceAddress& address_;
  const schema::Resource* resource_;
  const model::Row* row_ = nullptr;
  const schema::ResourceSchema* schema_ = nullptr;
  std::string text_;
};

}  // namespace

std::string explain_text(const Explained& explained, const ResourceAddress& address) {
  return Explanation(explained, address).text();
}

}  // namespace pveplan::view
