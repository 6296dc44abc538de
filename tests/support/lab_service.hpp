#pragma once

#include "lab/core/core.hpp"
#include "tests/support/sim_transport.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pveplan::sim {

/// One node of the lab on the simulated network. Several of them, one a node, share one core; the
/// core's time follows the network's.
class LabService : public SimService {
 public:
  LabService(lab::Core& core, std::string node) : core_(core), node_(std::move(node)) {}
  SimAnswer handle(const async::HttpRequest& request, Time now) override;
  /// "GET /api2/json/version", in the order of arrival.
  const std::vector<std::string>& requests() const { return requests_; }

 private:
  lab::Core& core_;
  std::string node_;
  std::uint64_t connections_ = 0;
  std::vector<std::string> requests_;
};

}  // namespace pveplan::sim
