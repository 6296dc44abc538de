#pragma once

#include "engine/events.hpp"
#include "engine/executor.hpp"
#include "providers/async/host.hpp"

namespace pveplan::cli {

/// Ctrl-C once: start nothing new. Twice: stop waiting. SIGTERM: as once, and as twice 8 s later.
/// The third signal ends the process wherever it is: see async::RealSignals. Before arm() signals
/// keep their default action.
class Interrupter {
 public:
  Interrupter(async::Host& host, engine::EventSink& progress) : host_(host), progress_(progress) {}

  void arm() {
    host_.signals.arm();
    armed_.set();
  }
  engine::Interrupts interrupts() const;
  /// Runs until it is dropped.
  async::Task<void> watch();
  /// Lets the views of progress move on while steps run; runs until it is dropped.
  async::Task<void> tick(bool terminal);

 private:
  async::Host& host_;
  engine::EventSink& progress_;
  async::Event armed_;
  async::CancelSource wind_down_;
  async::CancelSource leave_;
};

}  // namespace pveplan::cli
