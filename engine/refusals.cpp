#include "engine/refusals.hpp"

#include "engine/address_glob.hpp"
#include "engine/planning.hpp"
#include "schema/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::engine {

using model::Action;
using model::Change;
using schema::ResourceAddress;
using schema::Value;

namespace {

class Refusals {
 public:
  Refusals(const PlanInput& input, Planned& planned) : input_(input), planned_(planned) {}

  void check() {
    for (const auto& step : planned_.plan.steps) {
      const Value* reason = step.operation == "refuse" ? step.arguments.find("reason") : nullptr;
      if (reason != nullptr)
        add(step.address, "Not possible", step.address.text() + ": " + reason->as_string());
    }
    for (const auto& change : planned_.plan.changes) {
      check_change(change);
      check_linked_clones(change);
      check_members(change);
    }
  }

 private:
  void check_change(const Change& change) {
    if (change.removes() && is_protected(change)) {
      add(change.address, "Protected",
          fmt::format("{} is protected, and this plan would {} it. Either write protect = false in "
                      "its block and apply that first, or leave it as it is and forget it with a "
                      "[[removed]] entry and destroy = false.",
                      change.address.text(), model::name(change.action)));
    } else if (change.action == Action::replace && change.facts.find("volumes") != nullptr &&
               !may_replace(change)) {
      add(change.address, "Would replace a guest", replacement_text(change));
    }
  }

  /// Proxmox deletes no disk that linked clones build on; it would say so in the middle of an
  /// apply.
  void check_linked_clones(const Change& change) {
    if (!change.removes() || change.address.type != "template") return;
    const auto source = input_.rows.find(change.address);
    const auto* vmid = source == input_.rows.end() ? nullptr : source->second.identity.find("vmid");
    std::vector<std::string> clones;
    for (const auto& [address, row] : input_.rows) {
      // As it was made: what the block says of `clone` may have changed since.
      const auto* linked_to = row.notes.find("linked_to");
      if (linked_to != nullptr && vmid != nullptr && *linked_to == *vmid && !goes(address))
        clones.push_back(address.text());
    }
    if (clones.empty()) return;
    add(change.address, "Linked clones build on it",
        fmt::format("{} cannot be {} as long as linked clones have their disks from it: {}. Let "
                    "them go or be replaced in the same plan, or leave this template and declare "
                    "another one for new guests.",
                    change.address.text(),
                    change.action == Action::replace ? "made anew" : "destroyed",
                    schema::join_words(clones)));
  }

  /// A PVE pool goes only when it is empty. What was ours in a guest and is no longer stated stays
  /// as it is, so a guest whose `pool` line went stays in the pool.
  void check_members(const Change& change) {
    if (!change.removes() || change.address.type != "pool") return;
    const auto id = text_of(change.living_identity().find("id"));
    std::vector<std::string> members;
    for (const auto& [address, row] : input_.rows) {
      const auto seen = input_.live.objects.find(address);
      const auto* guest = seen == input_.live.objects.end()
                              ? nullptr
                              : std::get_if<model::LiveObject>(&seen->second);
      if (guest == nullptr || text_of(guest->facts.find("pool")) != id) continue;
      if (!goes(address) && !changes(address, "pool")) members.push_back(address.text());
    }
    if (members.empty() || id.empty()) return;
    add(change.address, "Members stay in it",
        fmt::format(
            "{} cannot be destroyed: it still holds {}, and this plan leaves that so, since "
            "a `pool` that is no longer stated stays as it is. Write unset = [\"pool\"] in "
            "the block of each, or name another pool there; then they leave before it "
            "goes.",
            change.address.text(), schema::join_words(members)));
  }

  /// Or is gone already; what is only forgotten stays where it is.
  bool goes(const ResourceAddress& address) const {
    const auto seen = input_.live.objects.find(address);
    if (seen != input_.live.objects.end() && std::holds_alternative<model::Absent>(seen->second))
      return true;
    const auto* change = planned_.plan.change(address);
    return change != nullptr && change->removes();
  }
  bool changes(const ResourceAddress& address, const char* attribute) const {
    const auto* change = planned_.plan.change(address);
    return change != nullptr && std::any_of(change->attributes.begin(), change->attributes.end(),
                                            [attribute](const model::AttributeChange& each) {
                                              return !each.released &&
                                                     each.path.text() == attribute;
                                            });
  }

  bool may_replace(const Change& change) const {
    const auto* resource = input_.topology.find(change.address);
    return is_named_by_any(change.address, input_.request.replace) ||
           (resource != nullptr && resource->lifecycle.allow_replace);
  }

  /// By the state, which outlives the block, or by Proxmox's own flag.
  bool is_protected(const Change& change) const {
    const auto yes = [](const Value* value) {
      return value != nullptr && *value == Value::boolean(true);
    };
    const auto row = input_.rows.find(change.address);
    return (row != input_.rows.end() && yes(row->second.owned.find("protect"))) ||
           yes(change.facts.find("protection"));
  }

  static std::string replacement_text(const Change& change) {
    std::string reasons;
    for (const auto& attribute : change.attributes) {
      if (attribute.forces_replace)
        reasons += (reasons.empty() ? "" : ", ") + attribute.path.text();
    }
    return fmt::format(
        "{}: {} cannot be changed on a living guest, and pveplan never replaces one on its own. "
        "Take the change back, or let the guest be destroyed and made anew, once with --replace {} "
        "or always with allow_replace = true; the plan then shows what is lost.",
        change.address.text(), reasons, change.address.shell_text());
  }

  void add(const ResourceAddress& address, std::string summary, std::string detail) {
    const auto* resource = input_.topology.find(address);
    auto diagnostic = schema::error(std::move(summary), std::move(detail),
                                    resource == nullptr ? schema::Span() : resource->span);
    diagnostic.address = address;
    planned_.diagnostics.add(std::move(diagnostic));
  }

  const PlanInput& input_;
  Planned& planned_;
};

}  // namespace

void refuse(const PlanInput& input, Planned& planned) { Refusals(input, planned).check(); }

}  // namespace pveplan::engine
