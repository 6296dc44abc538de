#pragma once

#include "providers/async/descriptor_waits.hpp"
#include "providers/async/file_descriptor.hpp"
#include "providers/async/host.hpp"

#include <signal.h>
#include <string>

namespace pveplan::async {

class RealClock : public Clock {
 public:
  std::chrono::nanoseconds steady() const override;
  std::chrono::system_clock::time_point wall() const override;
};

/// From the kernel's generator.
class RealRandom : public Random {
 public:
  std::uint64_t next() override;
};

class RealEnvironment : public Environment {
 public:
  std::optional<std::string> variable(const std::string& name) const override;
  std::vector<std::string> names_beginning_with(std::string_view prefix) const override;
  std::string user() const override;
  std::string host_name() const override;
  int process_id() const override;
  std::string working_directory() const override;
  std::string home_directory() const override;
  bool output_is_terminal() const override;
  bool input_is_terminal() const override;
  int terminal_columns() const override;
};

/// SIGINT and SIGTERM through a signalfd. A thread of its own takes them, so that the third one
/// ends the process even while the loop's thread is stuck in a call, such as a write to a full
/// pipe.
class RealSignals : public Signals {
 public:
  explicit RealSignals(DescriptorWaits& waits) : waits_(waits) {}
  /// Gives both signals the action back that they had before arm().
  ~RealSignals() override;
  RealSignals(const RealSignals&) = delete;
  RealSignals& operator=(const RealSignals&) = delete;

  /// The third signal after arm() prints `words`, which must live on, where standard error takes
  /// them at once, and ends the process with this exit code. Without this call it does nothing.
  static void leave_at_third(int exit_code, const char* words);
  void arm() override;
  bool armed() const { return static_cast<bool>(fd_); }
  Task<int> next() override;

 private:
  void start_listener();

  DescriptorWaits& waits_;
  FileDescriptor fd_;
  pthread_t listener_{};
  sigset_t previous_mask_{};
  struct sigaction previous_interrupt_ {};
  struct sigaction previous_terminate_ {};
};

/// Lines of a descriptor that stays as blocking as it is: a terminal is shared with the shell.
class RealInput : public Input {
 public:
  RealInput(DescriptorWaits& waits, int fd) : waits_(waits), fd_(fd) {}
  Task<std::optional<std::string>> line() override;

 private:
  DescriptorWaits& waits_;
  int fd_;
  std::string buffer_;
  bool ended_ = false;
};

}  // namespace pveplan::async
