#include "providers/pve/client/silence_watch.hpp"

#include "providers/async/loop.hpp"
#include "providers/async/sleep.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace pveplan::pve {
namespace {

constexpr auto kFirstWord = std::chrono::seconds(5);
constexpr auto kNextWord = std::chrono::seconds(30);

std::int64_t seconds_of(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

}  // namespace

SilenceWatch::Request::Request(SilenceWatch& watch) : watch_(watch) {
  const auto now = async::Loop::current().now();
  entry_ = watch_.waiting_.insert(watch_.waiting_.end(), Waiting{now, now, false, {}, {}});
  if (watch_.sink_ == nullptr) return;
  while (watch_.watching_.try_next()) continue;
  if (watch_.watching_.empty()) watch_.watching_.start(0, watch_.watch());
}

void SilenceWatch::Request::asks(const std::string& endpoint, Time patience) {
  auto& asked = entry_->asked;
  if (std::find(asked.begin(), asked.end(), endpoint) == asked.end()) asked.push_back(endpoint);
  if (!entry_->repeats) entry_->until = async::Loop::current().now() + patience;
}

void SilenceWatch::Request::repeats_until(Time until) {
  entry_->until = until;
  entry_->repeats = true;
}

void SilenceWatch::answered(const std::string& endpoint) {
  answered_ = async::Loop::current().now();
  if (silent_since_ && sink_ != nullptr)
    sink_->server_answers(fmt::format("{} answers again, after {} s.", endpoint,
                                      seconds_of(answered_ - *silent_since_)));
  silent_since_.reset();
}

/// Ends by itself when nothing is under way, and is started by the next request.
async::Task<void> SilenceWatch::watch() {
  while (!waiting_.empty()) {
    const auto now = async::Loop::current().now();
    const auto heard = std::max(waiting_.front().began, answered_);
    const auto due = silent_since_ ? told_ + pause_ : heard + kFirstWord;
    if (now < due) {
      co_await async::sleep_until(due);
      continue;
    }
    pause_ = silent_since_ ? pause_ * 2 : Time(kNextWord);
    if (!silent_since_) silent_since_ = heard;
    told_ = now;
    sink_->server_silent(text(now));
  }
}

std::string SilenceWatch::text(Time now) const {
  const auto& oldest = waiting_.front();
  auto text = fmt::format("No answer from {} for {} s", fmt::join(oldest.asked, ", "),
                          seconds_of(now - *silent_since_));
  if (!oldest.problem.empty()) text += fmt::format(" ({})", oldest.problem);
  text += oldest.problem.empty() ? ": waiting" : ": asking again";
  if (oldest.repeats || oldest.problem.empty()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::system_clock::duration>(oldest.until - now);
    const auto end = std::chrono::system_clock::to_time_t(clock_.wall() + left);
    text += fmt::format(" until {:%H:%M:%S} UTC", fmt::gmtime(end));
  }
  return text + ".";
}

}  // namespace pveplan::pve
