#pragma once

#include "schema/diagnostic.hpp"
#include "schema/span.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace pveplan::engine {

/// Vertices are addresses, edges mean "needs" and remember what caused them. Knows no actions.
class ResourceGraph {
 public:
  using Vertex = std::uint32_t;

  struct Edge {
    Vertex target = 0;
    std::string attribute;  ///< "template", "nic.lan.ip", "after"
    schema::Span span;
    bool implied = false;  ///< by a plain name, see schema::Dependency
  };

  /// Adds a vertex, or returns the one that is there.
  Vertex add(const schema::ResourceAddress& address);
  /// "from needs target". Both must have been added; the same edge twice is kept once, a stated one
  /// rather than an implied one.
  void add_edge(Vertex from, Edge edge);

  std::size_t size() const { return addresses_.size(); }
  const schema::ResourceAddress& address(Vertex vertex) const { return addresses_[vertex]; }
  const std::vector<Edge>& needs(Vertex vertex) const { return needs_[vertex]; }
  std::optional<Vertex> find(const schema::ResourceAddress& address) const;

  /// Vertices in an order in which everything comes after what it needs; ties by insertion. When
  /// there are cycles: one diagnostic for each strongly connected component, with the shortest
  /// cycle as a path and the reason of each edge.
  std::expected<std::vector<Vertex>, schema::Diagnostics> topological_order() const;

 private:
  schema::Diagnostics describe_cycles() const;
  schema::Diagnostic describe_cycle(const std::vector<Vertex>& component) const;

  std::vector<schema::ResourceAddress> addresses_;
  std::unordered_map<schema::ResourceAddress, Vertex> index_;
  std::vector<std::vector<Edge>> needs_;
};

/// Longest chain of weights from each vertex to a vertex that nothing needs, where `successors`
/// come after their vertex and `order` is topological. Linear.
std::vector<std::uint64_t> longest_remaining(
    const std::vector<std::vector<std::uint32_t>>& successors,
    const std::vector<std::uint64_t>& weights, const std::vector<std::uint32_t>& order);

}  // namespace pveplan::engine
