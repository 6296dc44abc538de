#include "engine/move_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace pveplan::engine {

using schema::ResourceAddress;

bool covers(const ResourceAddress& entry, const ResourceAddress& address) {
  return entry == address || (!entry.key && entry == address.group());
}

ResourceAddress moved(const ResourceAddress& from, const ResourceAddress& to,
                      const ResourceAddress& address) {
  auto target = to;
  if (address != from) target.key = address.key;
  return target;
}

schema::Diagnostics taken_targets(const state::StateFile& state, const RowMoves& moves,
                                  std::string_view ending) {
  schema::Diagnostics taken;
  for (const auto& [from, to] : moves) {
    if (state.row(to) == nullptr || moves.contains(to)) continue;
    taken.add(
        schema::error("Address taken",
                      fmt::format("{0} cannot become {1}: the state has another object as {1}. {2}",
                                  from.text(), to.text(), ending)));
  }
  return taken;
}

void move_rows(state::StateFile& state, const RowMoves& moves) {
  std::vector<std::pair<model::Row, schema::Value>> taken;
  for (const auto& [from, to] : moves) {
    auto row = state.rows.extract(from).mapped();
    row.address = to;
    auto unknown = state.unknown.rows.extract(from);
    taken.emplace_back(std::move(row), unknown ? std::move(unknown.mapped()) : schema::Value());
  }
  for (auto& [row, unknown] : taken) {
    const auto address = row.address;
    if (!unknown.is_null()) state.unknown.rows.insert_or_assign(address, std::move(unknown));
    state.rows.insert_or_assign(address, std::move(row));
  }
  for (auto& [address, row] : state.rows) {
    for (auto& target : row.dependencies) {
      const auto at = moves.find(target);
      if (at != moves.end()) target = at->second;
    }
    std::sort(row.dependencies.begin(), row.dependencies.end());
  }
}

}  // namespace pveplan::engine
