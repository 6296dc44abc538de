#pragma once

#include "model/step.hpp"
#include "schema/diagnostic.hpp"

#include <chrono>
#include <string>

namespace pveplan::engine {

/// Hears what happens during a run. Views implement it; the engine prints nothing.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void refresh_progress(std::size_t /*done*/, std::size_t /*total*/) {}
  virtual void step_started(const model::Step&) {}
  virtual void step_progress(const model::Step&, const std::string& /*text*/) {}
  virtual void step_done(const model::Step&, std::chrono::nanoseconds /*elapsed*/) {}
  virtual void step_failed(const model::Step&, const schema::Diagnostic&,
                           std::chrono::nanoseconds) {}
};

}  // namespace pveplan::engine
