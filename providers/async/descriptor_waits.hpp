#pragma once

#include "providers/async/wait.hpp"

#include <vector>

namespace pveplan::async {

/// Waits for descriptors on the loop: pipes, sockets, signalfd, a terminal. The real poller asks
/// the kernel for all of them at once.
class DescriptorWaits {
 public:
  DescriptorWaits() = default;
  DescriptorWaits(const DescriptorWaits&) = delete;
  DescriptorWaits& operator=(const DescriptorWaits&) = delete;

  /// Returns when a read would not block: data, the end, or an error. Ready says nothing about how
  /// much.
  Task<void> readable(int fd);
  Task<void> writable(int fd);

  class Wanted {
   public:
    Wanted(int descriptor, bool for_writing) : fd(descriptor), writing(for_writing) {}
    int fd;
    bool writing;
  };

  /// For the poller: what is waited for now, in order of arrival.
  std::vector<Wanted> wanted() const;
  /// Wakes whoever waits for this.
  void ready(int fd, bool writing);
  bool empty() const { return waits_.empty(); }

 private:
  class Entry;
  Task<void> wait(int fd, bool writing);

  std::vector<Entry*> waits_;
};

}  // namespace pveplan::async
