#include "engine/fold_instances.hpp"

#include "schema/key_ranges.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace pveplan::engine {
namespace {

using schema::Diagnostic;

/// With the block wherever the instance is named: "vm.a[1]" and "vm.a.1", but not "vm.a.12".
std::string of_block(std::string text, const std::string& instance, const std::string& block) {
  for (auto at = text.find(instance); at != text.npos; at = text.find(instance, at)) {
    const auto end = at + instance.size();
    const bool whole = end == text.size() || !schema::is_name(text.substr(end, 1));
    if (whole) text.replace(at, instance.size(), block);
    at += whole ? block.size() : instance.size();
  }
  return text;
}

std::string of_block(const Diagnostic& diagnostic) {
  const auto block = diagnostic.address->group();
  return of_block(of_block(diagnostic.detail, diagnostic.address->text(), block.text()),
                  diagnostic.address->shell_text(), block.shell_text());
}

/// Equal for what is the same but for the instance.
auto cause_of(const Diagnostic& diagnostic) {
  const auto& span = diagnostic.span;
  return std::tuple(diagnostic.address->group(), span.file, span.begin, span.end,
                    diagnostic.severity, diagnostic.summary, of_block(diagnostic));
}

Diagnostic folded(const std::vector<const Diagnostic*>& alike) {
  auto result = *alike.front();
  if (alike.size() == 1) return result;
  const auto block = result.address->group();
  std::vector<std::string> keys;
  for (const auto* each : alike) keys.push_back(*each->address->key);
  std::sort(keys.begin(), keys.end(),
            [](const auto& a, const auto& b) { return schema::compare_keys(a, b) < 0; });
  result.detail = fmt::format("{} This concerns {} instances: {}[{}].", of_block(result),
                              keys.size(), block.text(), schema::key_ranges(keys));
  result.address = block;
  return result;
}

}  // namespace

schema::Diagnostics fold_instances(const std::vector<Diagnostic>& all) {
  std::vector<std::vector<const Diagnostic*>> groups;
  std::map<decltype(cause_of(all.front())), std::size_t> known;
  for (const auto& each : all) {
    const bool of_instance = each.address && each.address->key;
    const auto group =
        of_instance ? known.emplace(cause_of(each), groups.size()).first->second : groups.size();
    if (group == groups.size()) groups.emplace_back();
    groups[group].push_back(&each);
  }
  schema::Diagnostics result;
  for (const auto& group : groups) result.add(folded(group));
  return result;
}

}  // namespace pveplan::engine
