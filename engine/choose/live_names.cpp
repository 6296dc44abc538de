#include "engine/choose/live_names.hpp"

#include "engine/choose/schema_walk.hpp"
#include "engine/step_context.hpp"
#include "model/plan.hpp"
#include "schema/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace pveplan::engine {
namespace {

using schema::Path;
using schema::Resource;
using schema::Value;

constexpr std::string_view kLive = "live:";

/// One place that names something which is not declared.
struct LiveName {
  Resource* resource = nullptr;
  std::string attribute;  ///< "template"
  std::string type;       ///< of what is named
  std::string name;       ///< without "live:"
  bool is_new = false;    ///< the resource is not in the state yet
};

bool is_live(std::string_view text) { return text.starts_with(kLive); }

/// Whether the attribute of this resource names what is not declared.
bool names_live(const Resource& resource, const schema::AttributeSchema& attribute) {
  return attribute.reference && attribute.reference->live_allowed &&
         is_live(text_at(resource.attributes, attribute.name));
}

bool names_any_live(const schema::Topology& topology) {
  return std::any_of(
      topology.resources.begin(), topology.resources.end(), [](const Resource& resource) {
        const auto& attributes = resource.schema->object.attributes;
        return std::any_of(attributes.begin(), attributes.end(),
                           [&](const auto& each) { return names_live(resource, each); });
      });
}

std::vector<LiveName> live_names(schema::Topology& topology, const state::StateFile& state) {
  std::vector<LiveName> result;
  for (auto& resource : topology.resources) {
    for (const auto& attribute : resource.schema->object.attributes) {
      if (!names_live(resource, attribute)) continue;
      const auto text = text_at(resource.attributes, attribute.name);
      result.push_back({&resource, attribute.name, attribute.reference->target_types.front(),
                        text.substr(kLive.size()), state.row(resource.address) == nullptr});
    }
  }
  return result;
}

std::optional<std::int64_t> number_in(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string told_apart(const std::vector<const model::GuestFacts*>& guests) {
  std::vector<std::string> words;
  for (const auto* each : guests) words.push_back(fmt::format("{} on {}", each->vmid, each->node));
  return schema::join_words(words);
}

class LiveNames {
 public:
  LiveNames(const schema::Topology& topology, const state::StateFile& state,
            const model::ClusterFacts& cluster)
      : topology_(topology), state_(state), cluster_(cluster) {
    names_ = live_names(topology_, state_);
  }

  const std::vector<LiveName>& names() const { return names_; }
  schema::Topology take() { return std::move(topology_); }
  schema::Diagnostics take_diagnostics() { return std::move(diagnostics_); }

  /// The template that is meant; nullptr where that was reported, or where it does not matter any
  /// more.
  const model::GuestFacts* find_template(const LiveName& named) {
    std::vector<const model::GuestFacts*> found;
    const auto number = number_in(named.name);
    for (const auto& guest : cluster_.guests) {
      if (number ? guest.vmid == *number : guest.name == named.name) found.push_back(&guest);
    }
    if (!named.is_new) return found.size() == 1 ? found.front() : nullptr;
    if (found.empty()) return unknown_guest(named);
    if (found.size() > 1) {
      add(named, "Several have this name",
          fmt::format("\"{}\" is the name of {}: write the number of the one that is meant, {} = "
                      "\"live:{}\".",
                      named.name, told_apart(found), named.attribute, found.front()->vmid));
      return nullptr;
    }
    const auto& guest = *found.front();
    const auto* node = cluster_.node(guest.node);
    if (guest.container || !guest.is_template) {
      add(named, "No template",
          fmt::format(
              "{} ({}) on {} is {}, and only templates are cloned. Name a template, or make "
              "it one with: qm template {}",
              guest.vmid, guest.name, guest.node, guest.container ? "a container" : "a VM",
              guest.vmid));
      return nullptr;
    }
    if (node == nullptr || !node->online) {
      add(named, "Template out of reach",
          fmt::format("{} ({}) is on {}, which is offline.", guest.vmid, guest.name, guest.node));
      return nullptr;
    }
    return &guest;
  }

  /// A resource that was made keeps the number that it was made from.
  void remember(const LiveName& named, const model::GuestFacts* found) {
    const auto* row = state_.row(named.resource->address);
    auto text = row == nullptr ? std::string() : text_at(row->owned, named.attribute);
    if (found != nullptr) text = fmt::format("{}{}", kLive, found->vmid);
    if (!text.empty()) set(*named.resource, {named.attribute}, Value::string(std::move(text)));
  }

  void use_template(const LiveName& named, const model::GuestFacts& guest,
                    const model::ReadOutcome& outcome) {
    const auto* live = std::get_if<model::LiveObject>(&outcome);
    if (live == nullptr) {
      const auto* unreadable = std::get_if<model::Unreadable>(&outcome);
      return add(named, "Template not readable",
                 fmt::format("{} ({}) cannot be read: {}.", guest.vmid, guest.name,
                             unreadable == nullptr ? "it is gone" : unreadable->reason));
    }
    const auto* os = live->attributes.find(Path({"disk", "os"}));
    const auto slot = os == nullptr ? std::string() : text_at(*os, "slot");
    if (slot.empty()) {
      return add(named, "Template without a disk",
                 fmt::format("{} ({}) names no disk to boot from, so nobody can tell which one "
                             "becomes disk.os. Set its boot order.",
                             guest.vmid, guest.name));
    }
    place(named, guest, text_at(*os, "storage"));
    give_slots(named, slot, *live);
  }

  void check_pool(const LiveName& named, const model::ReadOutcome& outcome) {
    if (std::holds_alternative<model::LiveObject>(outcome)) return;
    const auto* unreadable = std::get_if<model::Unreadable>(&outcome);
    if (unreadable != nullptr) {
      return add(
          named, "Pool not readable",
          fmt::format("The pool \"{}\" cannot be read: {}.", named.name, unreadable->reason));
    }
    std::set<std::string> known;
    for (const auto& guest : cluster_.guests) known.insert(guest.pool);
    known.erase("");
    add(named, "Unknown pool",
        fmt::format("The cluster has no pool \"{}\" that this token may see.{}", named.name,
                    schema::did_you_mean(named.name, {known.begin(), known.end()})));
  }

  void add(const LiveName& named, std::string summary, std::string detail) {
    auto diagnostic = schema::error(std::move(summary), std::move(detail),
                                    named.resource->span_of(Path({named.attribute})));
    diagnostic.address = named.resource->address;
    diagnostics_.add(std::move(diagnostic));
  }

 private:
  static void set(Resource& resource, std::vector<std::string> path, Value value) {
    resource.attributes = resource.attributes.with(Path(std::move(path)), std::move(value));
  }

  const model::GuestFacts* unknown_guest(const LiveName& named) {
    std::vector<std::string> templates;
    for (const auto& guest : cluster_.guests) {
      if (guest.is_template && !guest.container) templates.push_back(guest.name);
    }
    auto help = schema::did_you_mean(named.name, templates);
    if (help.empty() && !templates.empty() && templates.size() <= 8)
      help = fmt::format(" It has {}.", schema::join_words(templates));
    add(named, "Unknown template",
        fmt::format("The cluster has no VM \"{}\" that this token may see.{}", named.name, help));
    return nullptr;
  }

  /// Disks of a node's own storage cannot be cloned to another node.
  void place(const LiveName& named, const model::GuestFacts& guest, const std::string& storage) {
    const auto& storages = cluster_.storages;
    const bool shared = std::any_of(storages.begin(), storages.end(), [&](const auto& each) {
      return each.storage == storage && each.shared;
    });
    if (shared) return;
    const auto stated = text_at(named.resource->attributes, "node");
    if (stated.empty()) return set(*named.resource, {"node"}, Value::string(guest.node));
    if (stated == guest.node) return;
    add(named, "Clone cannot get there",
        fmt::format("{} ({}) lies on {} of {}, which {} does not see. Write node = \"{}\", or move "
                    "the template to a shared storage.",
                    guest.vmid, guest.name, storage, guest.node, stated, guest.node));
  }

  /// The clone has the template's disks in the template's slots; what is added goes elsewhere.
  void give_slots(const LiveName& named, const std::string& boot, const model::LiveObject& live) {
    auto& resource = *named.resource;
    std::set<std::string> taken = {boot};
    if (const auto* others = live.facts.find("undeclared");
        others != nullptr && others->kind() == Value::Kind::list) {
      for (const auto& each : others->as_list())
        taken.insert(each.as_string().substr(0, each.as_string().find(' ')));
    }
    const auto* disks = resource.attributes.find("disk");
    const auto stated = disks == nullptr ? Value::Fields() : disks->as_fields();
    for (const auto& [name, disk] : stated) taken.insert(text_at(disk, "slot"));
    for (const auto& [name, disk] : stated) {
      if (name == "os" || !text_at(disk, "slot").empty()) continue;
      int number = 0;
      while (!taken.insert(fmt::format("scsi{}", number)).second) ++number;
      set(resource, {"disk", name, "slot"}, Value::string(fmt::format("scsi{}", number)));
    }
    const auto* own = resource.attributes.find(Path({"disk", "os", "slot"}));
    if (own != nullptr && *own != Value::string(boot)) {
      return add(named, "The slot is the template's",
                 fmt::format("disk.os of {} lies in {}, and a clone cannot move it: take `slot` "
                             "out.",
                             named.name, boot));
    }
    set(resource, {"disk", "os", "slot"}, Value::string(boot));
  }

  schema::Topology topology_;
  const state::StateFile& state_;
  const model::ClusterFacts& cluster_;
  std::vector<LiveName> names_;
  schema::Diagnostics diagnostics_;
};

/// How somebody else's template is read: as one that is only looked at, of which the disk that it
/// boots from counts.
model::Row row_to_look_at(const model::GuestFacts& guest) {
  model::Row row;
  row.address = {"template", fmt::format("live-{}", guest.vmid), "", std::nullopt};
  row.identity =
      Value::map({{"vmid", Value::integer(guest.vmid)}, {"node", Value::string(guest.node)}});
  row.notes = Value::map({{core::kAdopting, Value::string("observe")}});
  row.parts.emplace("disk.os", model::PartRow());
  return row;
}

}  // namespace

async::Task<std::expected<std::optional<schema::Topology>, schema::Diagnostics>> resolve_live_names(
    const Services& services, const schema::Topology& topology, const state::StateFile& state,
    const model::ClusterFacts& cluster, bool makes_new) {
  using Result = std::expected<std::optional<schema::Topology>, schema::Diagnostics>;
  if (!makes_new || !names_any_live(topology)) co_return Result(std::nullopt);
  LiveNames live(topology, state, cluster);
  ReadContext backend(services, cluster, state, topology.name, nullptr);
  const core::Context context(backend);
  std::map<std::int64_t, model::ReadOutcome> read;
  std::map<std::string, model::ReadOutcome> pools;
  for (const auto& named : live.names()) {
    // A template is read as what is cloned from it: that schema has the slots of disks.
    const bool pool = named.type == "pool";
    const auto& type = *services.types.find(pool ? named.type : named.resource->address.type);
    if (pool) {
      if (!named.is_new) continue;
      if (!pools.contains(named.name)) {
        const auto identity = Value::map({{"id", Value::string(named.name)}});
        auto outcome = co_await type.read(context, identity, nullptr);
        if (!outcome) co_return std::unexpected(schema::Diagnostics(outcome.error()));
        pools.emplace(named.name, std::move(*outcome));
      }
      live.check_pool(named, pools.at(named.name));
      continue;
    }
    const auto* guest = live.find_template(named);
    live.remember(named, guest);
    if (guest == nullptr || !named.is_new) continue;
    if (!read.contains(guest->vmid)) {
      const auto row = row_to_look_at(*guest);
      const auto identity = row.identity;
      auto outcome = co_await type.read(context, identity, &row);
      if (!outcome) co_return std::unexpected(schema::Diagnostics(outcome.error()));
      read.emplace(guest->vmid, std::move(*outcome));
    }
    live.use_template(named, *guest, read.at(guest->vmid));
  }
  auto diagnostics = live.take_diagnostics();
  if (diagnostics.has_errors()) co_return std::unexpected(std::move(diagnostics));
  co_return Result(live.take());
}

void describe_live_clones(model::Plan& plan, const model::ClusterFacts& cluster) {
  for (auto& change : plan.changes) {
    const auto text = text_at(change.after, "template");
    if (change.action != model::Action::create || !is_live(text)) continue;
    const auto number = number_in(text.substr(kLive.size()));
    const auto* guest = number ? cluster.guest(*number) : nullptr;
    const auto what = guest == nullptr ? text
                                       : fmt::format("{} ({} on {}, not managed)", guest->vmid,
                                                     guest->name, guest->node);
    const bool linked = text_at(change.after, "clone") == "linked";
    change.notes.push_back(linked ? fmt::format("linked clone of {}, copies nothing", what)
                                  : fmt::format("full clone of {}, copies its disks", what));
  }
}

}  // namespace pveplan::engine
