#include "engine/graph.hpp"

#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/strong_components.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <queue>

namespace pveplan::engine {

using Vertex = ResourceGraph::Vertex;

Vertex ResourceGraph::add(const schema::ResourceAddress& address) {
  const auto [at, added] = index_.try_emplace(address, static_cast<Vertex>(addresses_.size()));
  if (added) {
    addresses_.push_back(address);
    needs_.emplace_back();
  }
  return at->second;
}

std::optional<Vertex> ResourceGraph::find(const schema::ResourceAddress& address) const {
  const auto at = index_.find(address);
  if (at == index_.end()) return std::nullopt;
  return at->second;
}

void ResourceGraph::add_edge(Vertex from, Edge edge) {
  auto& edges = needs_[from];
  const auto known = std::find_if(edges.begin(), edges.end(),
                                  [&edge](const Edge& each) { return each.target == edge.target; });
  if (known == edges.end()) {
    edges.push_back(std::move(edge));
  } else if (known->implied && !edge.implied) {
    *known = std::move(edge);
  }
}

std::expected<std::vector<Vertex>, schema::Diagnostics> ResourceGraph::topological_order() const {
  // Kahn's algorithm with a queue by insertion: depth-first search would recurse along chains.
  std::vector<std::uint32_t> missing(size());
  std::vector<std::vector<Vertex>> needed_by(size());
  for (Vertex vertex = 0; vertex < size(); ++vertex) {
    missing[vertex] = static_cast<std::uint32_t>(needs_[vertex].size());
    for (const auto& edge : needs_[vertex]) needed_by[edge.target].push_back(vertex);
  }
  std::priority_queue<Vertex, std::vector<Vertex>, std::greater<>> ready;
  for (Vertex vertex = 0; vertex < size(); ++vertex) {
    if (missing[vertex] == 0) ready.push(vertex);
  }
  std::vector<Vertex> order;
  order.reserve(size());
  while (!ready.empty()) {
    const auto vertex = ready.top();
    ready.pop();
    order.push_back(vertex);
    for (const auto dependent : needed_by[vertex]) {
      if (--missing[dependent] == 0) ready.push(dependent);
    }
  }
  if (order.size() == size()) return order;
  return std::unexpected(describe_cycles());
}

schema::Diagnostics ResourceGraph::describe_cycles() const {
  using Graph = boost::compressed_sparse_row_graph<boost::directedS>;
  std::vector<std::pair<Vertex, Vertex>> pairs;
  for (Vertex vertex = 0; vertex < size(); ++vertex) {
    for (const auto& edge : needs_[vertex]) pairs.emplace_back(vertex, edge.target);
  }
  const Graph graph(boost::edges_are_unsorted, pairs.begin(), pairs.end(), size());
  std::vector<Vertex> component(size());
  const auto count = boost::strong_components(
      graph, boost::make_iterator_property_map(component.begin(), get(boost::vertex_index, graph)));
  std::vector<std::vector<Vertex>> members(count);
  for (Vertex vertex = 0; vertex < size(); ++vertex) members[component[vertex]].push_back(vertex);
  schema::Diagnostics diagnostics;
  for (const auto& vertices : members) {
    const bool to_itself =
        vertices.size() == 1 &&
        std::any_of(needs_[vertices[0]].begin(), needs_[vertices[0]].end(),
                    [&](const Edge& edge) { return edge.target == vertices[0]; });
    if (vertices.size() > 1 || to_itself) diagnostics.add(describe_cycle(vertices));
  }
  diagnostics.sort();
  return diagnostics;
}

namespace {

/// Breadth-first search from `start` back to `start` inside one component: the shortest cycle.
std::vector<const ResourceGraph::Edge*> shortest_way_round(const ResourceGraph& graph, Vertex start,
                                                           std::size_t limit) {
  struct Visit {
    Vertex from;
    const ResourceGraph::Edge* edge;
  };
  std::unordered_map<Vertex, Visit> seen;
  std::deque<Vertex> queue = {start};
  std::unordered_map<Vertex, std::size_t> depth = {{start, 0}};
  while (!queue.empty()) {
    const auto vertex = queue.front();
    queue.pop_front();
    if (depth[vertex] + 1 > limit) break;
    for (const auto& edge : graph.needs(vertex)) {
      if (edge.target == start) {
        std::vector<const ResourceGraph::Edge*> path = {&edge};
        for (auto at = vertex; at != start; at = seen[at].from) path.push_back(seen[at].edge);
        std::reverse(path.begin(), path.end());
        return path;
      }
      if (seen.try_emplace(edge.target, Visit{vertex, &edge}).second) {
        depth[edge.target] = depth[vertex] + 1;
        queue.push_back(edge.target);
      }
    }
  }
  return {};
}

}  // namespace

schema::Diagnostic ResourceGraph::describe_cycle(const std::vector<Vertex>& component) const {
  // The shortest cycle of a component is looked for from at most a hundred of its vertices, so that
  // a giant component costs no quadratic time; the smallest address starts the path.
  std::vector<const Edge*> best;
  Vertex start = component.front();
  for (std::size_t i = 0; i < component.size() && i < 100; ++i) {
    auto path = shortest_way_round(*this, component[i], best.empty() ? SIZE_MAX : best.size() - 1);
    if (!path.empty() && (best.empty() || path.size() < best.size())) {
      best = std::move(path);
      start = component[i];
    }
  }
  std::string way = addresses_[start].text();
  auto result = schema::error("Dependency cycle", "", best.front()->span);
  Vertex at = start;
  for (const auto* edge : best) {
    way += fmt::format(" ({}) -> {}", edge->attribute, addresses_[edge->target].text());
    if (edge != best.front()) {
      result.notes.push_back(
          {fmt::format("{} needs {} here", addresses_[at].text(), addresses_[edge->target].text()),
           edge->span});
    }
    at = edge->target;
  }
  result.detail = fmt::format(
      "Each of these resources waits for the next one: {}. Remove one of the references.", way);
  result.address = addresses_[start];
  return result;
}

std::vector<std::uint64_t> longest_remaining(
    const std::vector<std::vector<std::uint32_t>>& successors,
    const std::vector<std::uint64_t>& weights, const std::vector<std::uint32_t>& order) {
  std::vector<std::uint64_t> longest(weights.size());
  for (auto at = order.rbegin(); at != order.rend(); ++at) {
    std::uint64_t rest = 0;
    for (const auto next : successors[*at]) rest = std::max(rest, longest[next]);
    longest[*at] = weights[*at] + rest;
  }
  return longest;
}

}  // namespace pveplan::engine
