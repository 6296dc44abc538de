#pragma once

#include "providers/async/wait.hpp"

#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pveplan::async {

class Limiter;

namespace detail {

class LimiterRequest;

class LimiterPool {
 public:
  explicit LimiterPool(std::size_t pool_limit) : limit(pool_limit) {}
  std::size_t limit;
  std::size_t used = 0;
  std::list<LimiterRequest*> queue;
};

}  // namespace detail

/// The right to use one place of each of its pools; given back by the destructor.
class [[nodiscard]] Permit {
 public:
  Permit() {}
  Permit(Permit&& other) noexcept;
  Permit& operator=(Permit&& other) noexcept;
  ~Permit() { release(); }
  void release();

 private:
  friend class Limiter;
  Permit(Limiter& limiter, std::vector<detail::LimiterPool*> pools)
      : limiter_(&limiter), pools_(std::move(pools)) {}
  Limiter* limiter_ = nullptr;
  std::vector<detail::LimiterPool*> pools_;
};

/// Named counting pools ("api", "node:pve1", "storage:ceph"). A request takes a place in all of its
/// pools at once, so two requests cannot block each other, and each pool serves strictly in order
/// of arrival, so none starves and every run is the same. Must outlive its permits.
class Limiter {
 public:
  /// `default_limit` is that of a pool which nobody has set.
  explicit Limiter(std::size_t default_limit) : default_limit_(default_limit) {}
  Limiter(const Limiter&) = delete;
  Limiter& operator=(const Limiter&) = delete;

  /// At least 1. Permits that are out stay valid.
  void set_limit(const std::string& pool, std::size_t limit);

  /// Waits for a place in each pool; naming one twice takes one place.
  Task<Permit> acquire(std::vector<std::string> pools);
  /// The same without waiting; nullopt when a pool is full or has a queue.
  std::optional<Permit> try_acquire(const std::vector<std::string>& pools);

  std::size_t used(const std::string& pool) const;

 private:
  friend class Permit;
  friend class detail::LimiterRequest;
  using Pools = std::vector<detail::LimiterPool*>;

  Pools find(const std::vector<std::string>& names);
  void give_back(const Pools& pools);
  void serve(detail::LimiterPool& pool);

  std::size_t default_limit_;
  std::map<std::string, detail::LimiterPool> pools_;
};

}  // namespace pveplan::async
