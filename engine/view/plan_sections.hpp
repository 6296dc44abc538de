#pragma once

#include "model/plan.hpp"

#include <map>
#include <string>
#include <vector>

namespace pveplan::view {

/// Instances of one block whose change reads the same: `vm.web[1..4]`.
struct ChangeGroup {
  std::vector<const model::Change*> changes;  ///< at least one, ordered by address
  std::vector<std::string> steps = {};        ///< of each of them, in order
};

/// A part of the plan under one heading; the most dangerous one comes first.
struct Section {
  std::string heading;
  std::vector<ChangeGroup> groups;
};

/// `folds`: instances that read the same become one block.
std::vector<Section> sections(const model::Plan& plan, bool folds = true);

/// What is done for each resource, in order: "stop (shut down within 60 s, else stopped hard)",
/// "delete".
std::map<schema::ResourceAddress, std::vector<std::string>> briefs_of_steps(
    const model::Plan& plan);

struct ChangeCounts {
  std::uint64_t add = 0, change = 0, destroy = 0, forget = 0, replace = 0, import = 0;
};
/// A replacement counts as added and as destroyed.
ChangeCounts count_changes(const model::Plan& plan);

/// `Effects: 1 data loss (552 GiB), 1 restart, 1 none.`: each resource once, under its worst
/// effect.
std::string effects_line(const model::Plan& plan);
/// What a plan for a cluster is sure not to do, as a sentence: "No guest goes down, no data is
/// lost, every value is known and another plan can revert it."
std::string assurance(const model::Plan& plan);
/// "disk.data of vm.db": what grows and cannot shrink again.
std::vector<std::string> grown_disks(const model::Plan& plan);

/// What was made from an older version of an image or template: `template.debian[pve]
/// (image.debian)`, instances of one block as `vm.web (3, template.debian)`.
std::vector<std::string> older_texts(const model::Plan& plan);

/// `Reads 71 (64 + 7), writes 13. 38 guests visible to this token are not managed.`
std::string calls_line(const model::Plan& plan);

/// What a change is at its worst: the word under which it is counted.
/// From the worst on.
enum class WorstEffect {
  data_loss,
  stop,
  restart,
  disturb,
  waits_for_restart,
  live,
  none,
  creates
};
WorstEffect worst_effect(const model::Change& change);

}  // namespace pveplan::view
