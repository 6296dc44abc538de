#pragma once

#include "providers/async/host.hpp"
#include "schema/topology.hpp"
#include "state/http_store.hpp"
#include "state/store.hpp"

#include <memory>
#include <string>
#include <vector>

namespace pveplan::cli {

/// How the topology says that its state is reached. What it leaves open, the environment may say:
/// TF_HTTP_ADDRESS and the like, as CI systems set them.
class TopologyAccess final : public state::HttpAccess {
 public:
  TopologyAccess(async::Host& host, const schema::StateBackend& backend)
      : host_(host), backend_(backend) {}
  async::Task<schema::Result<state::HttpOptions>> options() override;

 private:
  std::string text(const char* name) const;
  std::size_t number(const char* name, std::size_t otherwise) const;
  schema::Result<std::string> pem(const char* name) const;
  async::Task<schema::Result<std::string>> secret(std::string name);
  async::Task<schema::Result<void>> add_login(state::HttpOptions* options);
  schema::Result<void> check(const state::HttpOptions& options) const;

  async::Host& host_;
  const schema::StateBackend& backend_;
};

/// The state of one topology, wherever it is kept.
class StatePlace {
 public:
  StatePlace(async::Host& host, const schema::Topology& topology);
  state::Store& store() { return *store_; }
  const state::StorePlace& folder() const { return folder_; }

 private:
  state::StorePlace folder_;
  TopologyAccess access_;
  std::unique_ptr<state::Store> store_;
};

}  // namespace pveplan::cli
