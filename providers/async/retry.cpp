#include "providers/async/retry.hpp"

#include "providers/async/host.hpp"

#include <algorithm>
#include <utility>

namespace pveplan::async {

Delays doubling_delays(std::chrono::milliseconds first, std::chrono::milliseconds most,
                       std::chrono::milliseconds total) {
  Delays delays;
  auto next = std::max(first, std::chrono::milliseconds(1));
  while (total.count() > 0) {
    const auto delay = std::min({next, most, total});
    delays.push_back(delay);
    total -= delay;
    next = std::min(2 * next, most);
  }
  return delays;
}

Backoff::Backoff(Delays delays, CancelToken token)
    : delays_(std::move(delays)), token_(std::move(token)) {}

std::chrono::nanoseconds Backoff::draw() {
  std::chrono::nanoseconds delay = delays_[next_++];
  if (random_ != nullptr) {
    const auto half = static_cast<std::uint64_t>(delay.count() / 2);
    delay -= std::chrono::nanoseconds(half == 0 ? 0 : random_->next() % half);
  }
  return std::max(delay, std::chrono::nanoseconds(std::exchange(floor_, {})));
}

Task<bool> Backoff::wait() {
  if (next_ == delays_.size()) co_return false;
  const bool slept = co_await sleep_for(draw(), token_);
  co_return slept;
}

}  // namespace pveplan::async
