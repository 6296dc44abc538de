#pragma once

#include "engine/cli/program.hpp"
#include "engine/events.hpp"
#include "engine/view/text.hpp"

namespace pveplan::cli {

/// Tells people, while a command only reads, that a server does not answer.
class ServerNotices final : public engine::EventSink {
 public:
  explicit ServerNotices(Program& program) : program_(program) {}

  void server_silent(const std::string& text) override {
    program_.err(view::wrapped(text, 0, 0) + "\n");
  }
  void server_answers(const std::string& text) override { server_silent(text); }

 private:
  Program& program_;
};

}  // namespace pveplan::cli
