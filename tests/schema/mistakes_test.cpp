#include "tests/schema/mistakes.hpp"

#include "schema/diagnostic_text.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/topology_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>

using namespace pveplan;
using namespace pveplan::schema;

namespace {

/// A diagnostic without its place, which a mistake further up may have moved.
using Told = std::pair<std::string, std::string>;

Told told(const Loaded& loaded, const Diagnostic& diagnostic) {
  std::string line;
  if (diagnostic.span.known()) {
    const auto at = loaded.sources.position(diagnostic.span.file, diagnostic.span.begin).line;
    line = loaded.sources.line(diagnostic.span.file, at);
  }
  return {diagnostic.summary, line};
}

/// What was not told of the topology before the mistake.
std::vector<Diagnostic> news(const Loaded& loaded, std::multiset<Told> known) {
  std::vector<Diagnostic> result;
  for (const auto& diagnostic : loaded.diagnostics.items()) {
    const auto at = known.find(told(loaded, diagnostic));
    if (at == known.end()) {
      result.push_back(diagnostic);
    } else {
      known.erase(at);
    }
  }
  return result;
}

bool is_at(const Loaded& loaded, const Diagnostic& diagnostic, const std::string& file,
           std::size_t line) {
  const auto span = diagnostic.span;
  if (!span.known()) return false;
  const auto name = std::filesystem::path(loaded.sources.name(span.file)).lexically_normal();
  return name == file && loaded.sources.position(span.file, span.begin).line == line;
}

/// Blocks that nobody looks into yet, and profiles that only such blocks use.
std::set<std::string> skipped_blocks(const std::string& name) {
  if (name == "homelab")
    return {"container.proxy", "container.media", "mapping_pci.gpu", "profile.ct"};
  if (name == "cozystack")
    return {"role.capmox", "user.capmox",  "token.capmox",
            "acl.capmox",  "ha_rule.cozy", "output.capmox"};
  if (name == "k3s-ha") return {"k3s.home", "profile.node"};
  if (name == "kubernetes-vms") return {"proxmox.node"};
  if (name == "ceph-opensuse") return {"proxmox.ssh"};
  return {};
}

struct Score {
  std::size_t all = 0;
  std::size_t first = 0;  ///< told first, and at the line where it is
  std::size_t alone = 0;  ///< and nothing is told besides
};

void judge(const tests::TopologyFiles& files, const std::string& file,
           std::map<std::string, Score>& scores) {
  const auto before = files.load_request().load();
  std::multiset<Told> known;
  std::set<std::size_t> refused;
  for (const auto& diagnostic : before.diagnostics.items()) {
    known.insert(told(before, diagnostic));
    const auto span = diagnostic.span;
    if (std::filesystem::path(before.sources.name(span.file)).lexically_normal() == file)
      refused.insert(before.sources.position(span.file, span.begin).line);
  }
  const bool show = std::getenv("PVEPLAN_SHOW_MISSES") != nullptr;
  for (const auto& mistake :
       tests::mistakes_in(files.files.at(file), skipped_blocks(files.name), refused)) {
    auto request = files.load_request();
    request.file(file, mistake.text);
    const auto loaded = request.load();
    const auto found = news(loaded, known);
    auto& score = scores[mistake.kind];
    ++score.all;
    const bool first = !found.empty() && is_at(loaded, found.front(), file, mistake.line);
    score.first += first ? 1 : 0;
    score.alone += first && found.size() == 1 ? 1 : 0;
    if (!show || (first && found.size() == 1)) continue;
    std::cerr << fmt::format("--- {} in {} {}:{}\n", mistake.kind, files.name, file, mistake.line);
    for (const auto& each : found) std::cerr << render_diagnostic(loaded.sources, each, {});
  }
}

}  // namespace

TEST_CASE("small mistakes in real topologies are told first, at their line, and without noise") {
  std::map<std::string, Score> scores;
  for (const auto& files : tests::all_topology_files()) {
    for (const auto& file : files.texts) {
      const bool told_already = files.name == "company/stage" && file == "common/base.toml";
      if (!told_already) judge(files, file, scores);
    }
  }
  Score all;
  std::string table;
  for (const auto& [kind, score] : scores) {
    table += fmt::format("\n  {:<34}{:>5}{:>5}{:>5}", kind, score.all, score.first, score.alone);
    all.all += score.all;
    all.first += score.first;
    all.alone += score.alone;
  }
  const auto share = [&all](std::size_t part) {
    return 100.0 * static_cast<double>(part) / static_cast<double>(all.all);
  };
  const auto report = fmt::format(
      "{} small mistakes: {:.1f} % told first at their line, {:.1f} % with nothing else", all.all,
      share(all.first), share(all.alone));
  std::cout << report << "\n";
  INFO(report << table);
  CHECK(all.all > 2000);
  CHECK(share(all.first) >= 99.0);
  CHECK(share(all.alone) >= 99.0);
}
