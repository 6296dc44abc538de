#include "providers/async/limiter.hpp"

#include <algorithm>

namespace pveplan::async {
namespace detail {

/// A place in the queue of each pool. Lives in the frame of the waiting coroutine.
class LimiterRequest {
 public:
  LimiterRequest(Limiter& limiter, std::vector<LimiterPool*> wanted, Waiter& to_wake)
      : pools(std::move(wanted)), waiter(to_wake), limiter_(limiter) {
    places_.reserve(pools.size());
    for (LimiterPool* pool : pools) places_.push_back(pool->queue.insert(pool->queue.end(), this));
  }
  LimiterRequest(const LimiterRequest&) = delete;
  LimiterRequest& operator=(const LimiterRequest&) = delete;
  ~LimiterRequest() {
    if (granted && !taken) limiter_.give_back(pools);
    if (granted) return;
    leave();
    for (LimiterPool* pool : pools) limiter_.serve(*pool);
  }

  /// First in every queue, and a place is free in every pool.
  bool grantable() const {
    return std::all_of(pools.begin(), pools.end(), [this](const LimiterPool* pool) {
      return pool->used < pool->limit && pool->queue.front() == this;
    });
  }
  void grant() {
    leave();
    for (LimiterPool* pool : pools) ++pool->used;
    granted = true;
    Loop::current().post(waiter);
  }

  std::vector<LimiterPool*> pools;
  Waiter& waiter;
  bool granted = false;
  bool taken = false;

 private:
  void leave() {
    for (std::size_t i = 0; i < pools.size(); ++i) pools[i]->queue.erase(places_[i]);
  }

  Limiter& limiter_;
  std::vector<std::list<LimiterRequest*>::iterator> places_;
};

}  // namespace detail

Permit::Permit(Permit&& other) noexcept
    : limiter_(std::exchange(other.limiter_, nullptr)), pools_(std::move(other.pools_)) {}

Permit& Permit::operator=(Permit&& other) noexcept {
  if (this == &other) return *this;
  release();
  limiter_ = std::exchange(other.limiter_, nullptr);
  pools_ = std::move(other.pools_);
  return *this;
}

void Permit::release() {
  if (limiter_ != nullptr) std::exchange(limiter_, nullptr)->give_back(pools_);
}

void Limiter::set_limit(const std::string& pool, std::size_t limit) {
  detail::LimiterPool& changed = pools_.try_emplace(pool, default_limit_).first->second;
  changed.limit = std::max<std::size_t>(limit, 1);
  serve(changed);
}

std::size_t Limiter::used(const std::string& pool) const {
  const auto found = pools_.find(pool);
  return found == pools_.end() ? 0 : found->second.used;
}

Limiter::Pools Limiter::find(const std::vector<std::string>& names) {
  Pools found;
  for (const std::string& name : names) {
    detail::LimiterPool* pool = &pools_.try_emplace(name, default_limit_).first->second;
    if (std::find(found.begin(), found.end(), pool) == found.end()) found.push_back(pool);
  }
  return found;
}

void Limiter::give_back(const Pools& pools) {
  for (detail::LimiterPool* pool : pools) --pool->used;
  for (detail::LimiterPool* pool : pools) serve(*pool);
}

/// Grants what is first in this pool's queue while that is possible; each grant makes another
/// request the first one in its other pools too.
void Limiter::serve(detail::LimiterPool& pool) {
  std::vector<detail::LimiterPool*> changed{&pool};
  while (!changed.empty()) {
    detail::LimiterPool& next = *changed.back();
    if (next.queue.empty() || !next.queue.front()->grantable()) {
      changed.pop_back();
      continue;
    }
    detail::LimiterRequest& request = *next.queue.front();
    request.grant();
    changed.insert(changed.end(), request.pools.begin(), request.pools.end());
  }
}

std::optional<Permit> Limiter::try_acquire(const std::vector<std::string>& pools) {
  Pools wanted = find(pools);
  const bool free = std::all_of(wanted.begin(), wanted.end(), [](const detail::LimiterPool* pool) {
    return pool->queue.empty() && pool->used < pool->limit;
  });
  if (!free) return std::nullopt;
  for (detail::LimiterPool* pool : wanted) ++pool->used;
  return Permit(*this, std::move(wanted));
}

Task<Permit> Limiter::acquire(std::vector<std::string> pools) {
  detail::Waiter& self = co_await detail::ThisWaiter();
  detail::LimiterRequest request(*this, find(pools), self);
  for (detail::LimiterPool* pool : request.pools) serve(*pool);
  while (!request.granted) co_await detail::Suspend();
  request.taken = true;
  co_return Permit(*this, request.pools);
}

}  // namespace pveplan::async
