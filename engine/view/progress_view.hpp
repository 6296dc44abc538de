#pragma once

#include "engine/events.hpp"
#include "providers/async/host.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace pveplan::view {

/// Where lines of text go: the composition root hands in the streams.
using Output = std::function<void(const std::string&)>;

/// Progress of a run. On a terminal one line a running step and one with the counts, redrawn,
/// finished ones scroll up; in a pipe one line a start and an end. Nothing is wider than `columns`,
/// but a word that is. Steps of engine-only types are only counted.
class ProgressView final : public engine::EventSink {
 public:
  ProgressView(const async::Clock& clock, Output output, bool terminal, std::size_t columns);

  void run_started(std::uint64_t resources) override;
  void step_started(const model::Step& step) override;
  void step_progress(const model::Step& step, const std::string& text) override;
  void step_done(const model::Step& step, std::chrono::nanoseconds elapsed) override;
  void step_failed(const model::Step& step, const schema::Diagnostic& diagnostic,
                   std::chrono::nanoseconds elapsed) override;
  void resource_done(const schema::ResourceAddress& address) override;
  void winding_down(std::optional<std::chrono::seconds> grace) override;
  void leaving() override;
  void server_silent(const std::string& text) override;
  void server_answers(const std::string& text) override;
  /// Redraws elapsed times; in a pipe, one line for every step that has run for another 30 s.
  void tick() override;
  /// Takes the running lines off the screen before other text is printed.
  void clear();

 private:
  struct Running {
    std::string label;
    std::string brief;  ///< the same in fewer words
    std::string note;
    std::chrono::nanoseconds started{0};
    std::chrono::nanoseconds told{0};
    bool shown = false;  ///< with its whole label
  };
  /// What stays on the screen, whole: wrapped where one line would be too wide.
  std::string lines(const Running& running, const std::string& status,
                    const std::string& note) const;
  std::string below(const std::string& text) const;
  std::string redrawn_line(const Running& running, const std::string& status) const;
  /// "  3 of 12 done, 1 failed, 2 running"; empty where that says no more than the lines above.
  std::string count_line() const;
  void print(const std::string& text);
  void draw();

  const async::Clock& clock_;
  Output output_;
  bool terminal_;
  std::size_t columns_;
  std::map<model::Step::Id, Running> running_;
  std::uint64_t resources_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t failed_ = 0;
  std::size_t drawn_ = 0;
};

}  // namespace pveplan::view
