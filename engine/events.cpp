#include "engine/events.hpp"

namespace pveplan::engine {

void TwoSinks::read_started(const schema::ResourceAddress& address) {
  first_.read_started(address);
  second_.read_started(address);
}

void TwoSinks::read_done(const schema::ResourceAddress& address,
                         const model::ReadOutcome& outcome) {
  first_.read_done(address, outcome);
  second_.read_done(address, outcome);
}

void TwoSinks::run_started(std::uint64_t resources) {
  first_.run_started(resources);
  second_.run_started(resources);
}

void TwoSinks::step_started(const model::Step& step) {
  first_.step_started(step);
  second_.step_started(step);
}

void TwoSinks::step_progress(const model::Step& step, const std::string& text) {
  first_.step_progress(step, text);
  second_.step_progress(step, text);
}

void TwoSinks::task_started(const model::Step& step, const std::string& upid) {
  first_.task_started(step, upid);
  second_.task_started(step, upid);
}

void TwoSinks::step_done(const model::Step& step, std::chrono::nanoseconds elapsed) {
  first_.step_done(step, elapsed);
  second_.step_done(step, elapsed);
}

void TwoSinks::step_failed(const model::Step& step, const schema::Diagnostic& diagnostic,
                           std::chrono::nanoseconds elapsed) {
  first_.step_failed(step, diagnostic, elapsed);
  second_.step_failed(step, diagnostic, elapsed);
}

void TwoSinks::resource_done(const schema::ResourceAddress& address) {
  first_.resource_done(address);
  second_.resource_done(address);
}

void TwoSinks::winding_down(std::optional<std::chrono::seconds> grace) {
  first_.winding_down(grace);
  second_.winding_down(grace);
}

void TwoSinks::leaving() {
  first_.leaving();
  second_.leaving();
}

void TwoSinks::server_silent(const std::string& text) {
  first_.server_silent(text);
  second_.server_silent(text);
}

void TwoSinks::server_answers(const std::string& text) {
  first_.server_answers(text);
  second_.server_answers(text);
}

void TwoSinks::tick() {
  first_.tick();
  second_.tick();
}

}  // namespace pveplan::engine
