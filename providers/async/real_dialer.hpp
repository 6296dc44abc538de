#pragma once

#include "providers/async/descriptor_waits.hpp"
#include "providers/async/file_descriptor.hpp"
#include "providers/async/host.hpp"

namespace pveplan::async {

/// Plain TCP to an address in numbers: guests are known by what their NICs state.
class RealDialer final : public Dialer {
 public:
  explicit RealDialer(DescriptorWaits& waits) : waits_(waits) {}
  Task<Greeting> greeting(std::string address, int port,
                          std::chrono::milliseconds patience) override;
  Task<std::expected<void, std::string>> connect(std::string address, int port,
                                                 std::chrono::milliseconds patience) override;

 private:
  Task<std::expected<FileDescriptor, std::string>> open(std::string address, int port);
  Task<Greeting> hear(std::string address, int port);

  DescriptorWaits& waits_;
};

}  // namespace pveplan::async
