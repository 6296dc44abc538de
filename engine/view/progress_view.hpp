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

/// Progress of a run. On a terminal one line a running step, redrawn, finished ones scroll up; in a
/// pipe one line a start and an end. Nothing is wider than `columns`, but a word that is. Steps of
/// engine-only types are only counted.
class ProgressView final : public engine::EventSink {
 public:
  ProgressView(const async::Clock& clock, Output output, bool terminal, std::size_t columns);

  void step_started(const model::Step& step) override;
  void step_progress(const model::Step& step, const std::string& text) override;
  void step_done(const model::Step& step, std::chrono::nanoseconds elapsed) override;
  void step_failed(const model::Step& step, const schema::Diagnostic& diagnostic,
                   std::chrono::nanoseconds elapsed) override;
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
  void print(const std::string& text);
  void draw();

  const async::Clock& clock_;
  Output output_;
  bool terminal_;
  std::size_t columns_;
  std::map<model::Step::Id, Running> running_;
  std::size_t drawn_ = 0;
};

}  // namespace pveplan::view
