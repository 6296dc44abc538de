#pragma once

#include "providers/async/host.hpp"
#include "providers/async/task_group.hpp"

#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::pve {

/// Hears of servers that do not answer, in whole sentences.
class SilenceSink {
 public:
  virtual ~SilenceSink() = default;
  /// Which servers are silent, for how long, why, and until when they are asked. Told again, ever
  /// more rarely, while that lasts.
  virtual void server_silent(const std::string& text) = 0;
  /// One of them is back.
  virtual void server_answers(const std::string& text) = 0;
};

/// Notices within seconds that none of the requests under way is answered, long before any of them
/// is given up.
class SilenceWatch {
 public:
  using Time = std::chrono::nanoseconds;  ///< of the loop

 private:
  struct Waiting {
    Time began{0};
    Time until{0};                   ///< it is given up then
    bool repeats = false;            ///< `until` counts its repetitions
    std::vector<std::string> asked;  ///< endpoints, each once
    std::string problem;             ///< of the last one that could not be asked
  };

 public:
  /// `clock` tells people the time.
  explicit SilenceWatch(const async::Clock& clock) : clock_(clock) {}

  /// Null, as in the beginning: nobody wants to know.
  void tell(SilenceSink* sink) { sink_ = sink; }
  /// A server answered, whoever asked it.
  void answered(const std::string& endpoint);

  /// One request from its beginning to its end, repetitions included.
  class Request {
   public:
    explicit Request(SilenceWatch& watch);
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;
    ~Request() { watch_.waiting_.erase(entry_); }

    /// The endpoint is asked now and may take so long.
    void asks(const std::string& endpoint, Time patience);
    void failed(std::string problem) { entry_->problem = std::move(problem); }
    /// It is repeated until then, should nothing change.
    void repeats_until(Time until);

   private:
    SilenceWatch& watch_;
    std::list<Waiting>::iterator entry_;
  };

 private:
  async::Task<void> watch();
  std::string text(Time now) const;

  const async::Clock& clock_;
  SilenceSink* sink_ = nullptr;
  std::list<Waiting> waiting_;  ///< the oldest first
  Time answered_{0};
  std::optional<Time> silent_since_;  ///< once that has been told
  Time told_{0};
  Time pause_{0};                    ///< to the next word: grows
  async::TaskGroup<void> watching_;  ///< at most one
};

}  // namespace pveplan::pve
