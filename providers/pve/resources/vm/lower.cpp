#include "providers/pve/resources/vm/lower.hpp"

#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/guest_row.hpp"
#include "providers/pve/guest_codec/nic.hpp"
#include "providers/pve/settle/settle.hpp"
#include "providers/pve/size_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::pve {
namespace {

using model::Action;
using model::Availability;
using model::Change;
using model::Step;
using schema::Path;
using schema::Value;

constexpr std::int64_t kShutdownSeconds = 180;
constexpr std::int64_t kWaitSeconds = 300;
constexpr std::int64_t kGraceSeconds = 60;  // before a guest that is destroyed is stopped hard

const Value* at(const Value& value, std::initializer_list<const char*> path) {
  const Value* here = &value;
  for (const auto* name : path) {
    here = here == nullptr ? nullptr : member(*here, name);
  }
  return here;
}

/// One step of the chain before it is complete.
struct Draft {
  std::string operation;
  Value::Fields arguments;
  std::string summary;
  std::vector<std::string> pools;
  std::string brief;
};

class VmLowering {
 public:
  explicit VmLowering(const Change& change)
      : change_(change),
        identity_(change.action == Action::remove ? change.living_identity() : change.identity) {
    vmid_ = integer_of(identity_, "vmid");
    node_ = text_of(identity_, "node");
  }

  std::vector<Step> lower() {
    switch (change_.action) {
      case Action::create:
        create();
        break;
      case Action::update:
        update();
        break;
      case Action::remove:
        remove();
        break;
      case Action::no_op:
      case Action::replace:
      case Action::forget:
        break;
    }
    return chain();
  }

 private:
  void add(std::string operation, Value::Fields arguments, std::string summary) {
    drafts_.push_back({std::move(operation), std::move(arguments), std::move(summary), {}, {}});
  }
  /// With a summary that says what a reader of the plan's steps wants to know, too.
  void add_told(std::string operation, Value::Fields arguments, const std::string& summary) {
    add(std::move(operation), std::move(arguments), summary);
    drafts_.back().brief = summary;
  }
  void refuse(std::string reason) {
    drafts_.clear();
    add("refuse", {{"reason", Value::string(std::move(reason))}}, "refused");
    refused_ = true;
  }
  Value::Fields with_after() const { return {{"after", change_.after}}; }
  Value::Fields to_make() const {
    auto arguments = with_after();
    pass_edition(change_.facts, arguments);
    return arguments;
  }
  std::string node_pool() const { return "node:" + node_; }
  std::string storage_pool(const std::string& storage) const {
    return "storage:" + node_ + "/" + storage;
  }

  void create() {
    const auto name = text_of(change_.after, "template");
    if (!name.empty()) {
      add("clone", to_make(), fmt::format("clone {} -> {}, {}", name, vmid_, node_));
      drafts_.back().pools = {node_pool(), "clone:" + name};
      add("configure", with_after(), "configure");
    } else {
      add("create", to_make(), fmt::format("create {}, {}", vmid_, node_));
      drafts_.back().pools = {node_pool()};
    }
    const auto* disks = member(change_.after, "disk");
    if (name.empty() && disks == nullptr && member(change_.after, "cloud_init") != nullptr) {
      refuse(
          "The cloud-init drive lies beside the guest's first disk, and this guest has none. "
          "Declare a disk with a storage, or take cloud_init out.");
      return;
    }
    for (const auto& [disk, part] : disks == nullptr ? by_slot(Value()) : by_slot(*disks)) {
      const auto storage = text_of(part, "storage");
      if (!storage.empty()) drafts_.front().pools.push_back(storage_pool(storage));
      const bool has_content = disk == "os" && (!name.empty() || member(change_.after, "image"));
      const bool imported = has_content || member(part, "image") != nullptr;
      if (imported && member(part, "size") != nullptr) resize(disk, integer_of(part, "size"));
    }
    if (text_of(change_.after, "power") == "stopped") return;
    start();
    wait_until_ready();
  }

  void resize(const std::string& disk, std::int64_t bytes) {
    add("resize", {{"disk", Value::string(disk)}, {"size", Value::integer(bytes)}},
        fmt::format("disk.{} to {}", disk, readable_bytes(bytes)));
  }
  void start() {
    add("start", {}, "start");
    drafts_.back().pools = {node_pool()};
  }
  Value::List awaited() const {
    const auto* wait = member(change_.after, "wait");
    return wait == nullptr || wait->kind() != Value::Kind::list ? Value::List() : wait->as_list();
  }
  /// Behind whatever starts the guest: what needs it begins when it answers.
  void wait_until_ready() {
    const auto seconds = as_integer(at(change_.after, {"wait_timeout"})).value_or(kWaitSeconds);
    for (const auto& each : awaited()) {
      const auto what = as_text(&each);
      add("wait", {{"for", each}, {"timeout", Value::integer(seconds)}},
          fmt::format("wait for {} ({} s, then error)", what, seconds));
      drafts_.back().brief = fmt::format("wait up to {} s for {}", seconds, what);
    }
  }
  void shutdown(std::int64_t seconds, bool force) {
    add("shutdown", {{"timeout", Value::integer(seconds)}, {"force", Value::boolean(force)}},
        fmt::format("shutdown ({} s, then {})", seconds, force ? "stop" : "error"));
    drafts_.back().brief = fmt::format("stop ({})", in_how_long(seconds, force));
  }
  /// For who reads a plan.
  static std::string in_how_long(std::int64_t seconds, bool force) {
    return fmt::format("shut down within {} s, else {}", seconds,
                       force ? "stopped hard" : "error and left running");
  }
  std::int64_t shutdown_seconds() const {
    return as_integer(at(change_.after, {"timeouts", "shutdown"})).value_or(kShutdownSeconds);
  }

  void update() {
    collect();
    refuse_protected();
    if (refused_) return;
    grow_attached();
    // First of all, since nothing has to wait on a guest that is off.
    const bool stops = power_ == "stopped";
    if (stops) power();
    // Before the options of the same disk: the server takes the size along when they are written.
    for (const auto& [disk, bytes] : grown_) resize(disk, bytes);
    if (configures_ || change_.resumes || outgrows_waiting_drive()) {
      auto arguments = with_after();
      arguments.emplace_back("reset", texts(reset_));
      arguments.emplace_back("removed", texts(removed_));
      if (sends_secret_) arguments.emplace_back("sends_secret", Value::boolean(true));
      if (flag_of(change_.facts, "awaits_start"))
        arguments.emplace_back("awaits_start", Value::boolean(true));
      add("configure", std::move(arguments), "configure");
    }
    for (const auto& [disk, bytes] : filled_) resize(disk, bytes);
    if (pool_) add_told("pool", with_after(), "change pool");
    if (!stops) power();
    // A restart may be what detaches it.
    discard_removed();
  }

  /// Whether a disk grows whose options wait for a restart with the old size beside them.
  bool outgrows_waiting_drive() const {
    const auto* waiting = member(change_.facts, "waiting_disks");
    if (waiting == nullptr || waiting->kind() != Value::Kind::list) return false;
    return std::any_of(grown_.begin(), grown_.end(), [waiting](const auto& each) {
      const auto& names = waiting->as_list();
      return std::find(names.begin(), names.end(), Value::string(each.first)) != names.end();
    });
  }

  /// What the changed attributes ask for.
  void collect() {
    for (const auto& each : change_.attributes) {
      const auto& steps = each.path.steps();
      if (each.released || steps.empty()) continue;
      if (steps[0] == "disk" && steps.size() > 1) {
        collect_disk(each);
      } else if (steps[0] == "node") {
        refuse(
            fmt::format("Migrating a guest is not supported yet: it is on {}. Move it by other "
                        "means, then change `node`.",
                        text_of(identity_, "node")));
      } else if (steps[0] == "pool") {
        pool_ = true;
      } else if (steps[0] == "power") {
        power_ = text_of(change_.after, "power");
      } else {
        collect_option(each);
      }
      if (refused_) return;
    }
  }

  void collect_option(const model::AttributeChange& each) {
    configures_ = true;
    sends_secret_ = sends_secret_ || (each.sensitive && !each.after.is_null());
    if (!each.after.is_null()) return;
    const bool nic = each.path.steps()[0] == "nic" && each.path.steps().size() == 2;
    (nic ? removed_ : reset_).push_back(each.path.text());
  }

  void collect_disk(const model::AttributeChange& each) {
    const auto& steps = each.path.steps();
    if (steps.size() == 2) {
      configures_ = true;
      if (each.after.is_null()) removed_.push_back(each.path.text());
      // A disk that is filled from an image comes as large as the image.
      const bool filled = !each.after.is_null() && member(each.after, "image") != nullptr;
      if (filled && member(each.after, "size") != nullptr)
        filled_.emplace_back(steps[1], integer_of(each.after, "size"));
      return;
    }
    const auto& name = steps[1];
    if (steps[2] == "size") {
      const auto before = as_integer(&each.before).value_or(0);
      const auto after = as_integer(&each.after).value_or(0);
      if (after < before) {
        refuse(fmt::format("disk.{} is {} large; a disk cannot shrink to {}.", name,
                           readable_bytes(before), readable_bytes(after)));
      } else {
        grown_.emplace_back(name, after);
      }
    } else if (steps[2] == "slot" && each.before.is_null()) {
      configures_ = true;
      attached_.push_back(name);
    } else if (steps[2] == "storage") {
      refuse(fmt::format("Moving disk.{} to another storage is not supported yet.", name));
    } else {
      collect_option(each);
    }
  }

  /// A disk that comes back grows when it is there, and nobody knows how large it is before.
  void grow_attached() {
    for (const auto& name : attached_) {
      std::erase_if(grown_, [&name](const auto& each) { return each.first == name; });
      const auto* size = change_.after.find(Path({"disk", name, "size"}));
      if (size != nullptr) filled_.emplace_back(name, as_integer(size).value_or(0));
    }
  }

  /// Proxmox detaches and destroys no disk of a protected guest (FACTS 8.10), nor does pveplan.
  void refuse_protected() {
    const auto disk = std::find_if(removed_.begin(), removed_.end(),
                                   [](const auto& part) { return part.starts_with("disk."); });
    const bool is = flag_of(change_.facts, "protection");
    if (disk == removed_.end() || (!is && !flag_of(change_.after, "protect"))) return;
    refuse(
        fmt::format("{} would be removed, and the guest {}. {}, or keep the disk.", *disk,
                    is ? "is protected" : "is to be protected",
                    is ? "Declare it again, write protect = false and apply that; then take it out"
                       : "Write protect = false as long as it goes"));
  }

  /// A guest that goes on running keeps what its bus does not unplug (FACTS 8.6).
  bool is_let_go_later(const Value* disk) const {
    const auto slot = disk == nullptr ? std::string() : text_of(*disk, "slot");
    const bool fixed = slot.starts_with("sata") || slot.starts_with("ide");
    return fixed && change_.effects.waits_for_restart && power_.empty();
  }

  /// A disk that is gone is destroyed once it is detached, unless it is to be kept.
  void discard_removed() {
    for (const auto& part : removed_) {
      if (!part.starts_with("disk.")) continue;
      const auto* disk = change_.before.find(Path::parse(part));
      if (disk != nullptr && text_of(*disk, "on_remove") == "keep") continue;
      add_told(
          "discard", {{"part", Value::string(part)}},
          "destroy the volume of " + part + (is_let_go_later(disk) ? " after the next start" : ""));
    }
  }

  void power() {
    const auto owed = unfinished_of(change_.facts);
    const bool owes_start = std::find(owed.begin(), owed.end(), "start") != owed.end();
    const bool running = text_of(change_.facts, "status") == "running";
    const bool owes_answer = std::find(owed.begin(), owed.end(), "wait") != owed.end();
    const bool owes = change_.resumes && (owes_start || owes_answer) && power_ != "stopped";
    const bool restarts = running && change_.effects.availability >= Availability::restart;
    const bool starts = power_ == "running" || (owes && !running);
    if (power_ == "stopped") {
      shutdown(shutdown_seconds(), as_flag(at(change_.after, {"force_stop"})));
    } else if (restarts) {
      restart();
    } else if (starts) {
      start();
    }
    if (!power_.empty()) drafts_.back().arguments.emplace_back("power", Value::string(power_));
    const bool ready_later = starts || restarts || (owes && owes_answer);
    if (power_ != "stopped" && ready_later) wait_until_ready();
  }

  void restart() {
    if (as_flag(at(change_.after, {"force_stop"}))) {
      shutdown(shutdown_seconds(), true);
      start();
    } else {
      add("reboot", {{"timeout", Value::integer(shutdown_seconds())}}, "restart");
      drafts_.back().pools = {node_pool()};
      drafts_.back().brief = fmt::format("restart ({})", in_how_long(shutdown_seconds(), false));
    }
    auto& last = drafts_.back();
    if (!awaited().empty()) return;  // in steps of its own
    last.arguments.emplace_back("until_it_answers", Value::boolean(true));
    if (last.brief.empty()) last.brief = last.operation;
    last.brief += flag_of(change_.facts, "agent") ? ", wait up to 300 s for agent"
                                                  : ", wait until it has run for 30 s";
  }

  void remove() {
    if (flag_of(change_.facts, "protection")) {
      refuse(fmt::format("{} has Proxmox's protection flag. Clear it, then destroy it.", vmid_));
      return;
    }
    auto kept = unfinished_of(change_.facts, "kept");
    const auto* disks = member(change_.before, "disk");
    for (const auto& [name, disk] : disks == nullptr ? by_slot(Value()) : by_slot(*disks)) {
      if (text_of(disk, "on_remove") == "keep") kept.push_back(name);
    }
    if (!kept.empty()) {
      refuse(
          fmt::format("disk.{} is to be kept (on_remove = \"keep\"), but moving it to a holder VM "
                      "is not supported yet. Move it away, or write \"destroy\".",
                      kept.front()));
      return;
    }
    if (text_of(change_.facts, "status") == "running") shutdown(kGraceSeconds, true);
    add("delete", {{"purge", Value::boolean(flag_of(change_.facts, "ha"))}},
        fmt::format("delete {}", vmid_));
    drafts_.back().pools = {node_pool()};
  }

  static Value texts(const std::vector<std::string>& list) {
    Value::List values;
    for (const auto& each : list) values.push_back(Value::string(each));
    return Value::list(std::move(values));
  }

  std::vector<Step> chain() {
    std::vector<Step> steps;
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      auto& draft = drafts_[i];
      std::vector<std::string> then;
      for (auto j = i + 1; j < drafts_.size(); ++j) then.push_back(drafts_[j].operation);
      draft.arguments.emplace_back("identity", identity_);
      draft.arguments.emplace_back("then", texts(then));
      auto step = make_step(change_.address, draft.operation,
                            Value::map(std::move(draft.arguments)), draft.summary);
      step.pools = std::move(draft.pools);
      step.brief = std::move(draft.brief);
      if (step.operation == "refuse" || step.operation == "wait") step.writes = 0;
      if (i > 0) step.dependencies.push_back(static_cast<Step::Id>(i - 1));
      steps.push_back(std::move(step));
    }
    return steps;
  }

  const Change& change_;
  Value identity_;
  std::int64_t vmid_ = 0;
  std::string node_;
  std::vector<Draft> drafts_;
  bool refused_ = false;
  bool configures_ = false;
  bool sends_secret_ = false;
  bool pool_ = false;
  std::string power_;
  std::vector<std::string> reset_;
  std::vector<std::string> removed_;
  std::vector<std::pair<std::string, std::int64_t>> grown_;
  std::vector<std::pair<std::string, std::int64_t>> filled_;  ///< once they are in their slots
  std::vector<std::string> attached_;                         ///< disks that were detached
};

}  // namespace

std::vector<Step> lower_vm(const Change& change) { return VmLowering(change).lower(); }

}  // namespace pveplan::pve
