#include "engine/move_rows.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace pveplan::engine {

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
