#pragma once

#include "state/remote_copy.hpp"
#include "state/remote_end.hpp"
#include "state/state_server.hpp"

#include <memory>
#include <string>

namespace pveplan::state {

/// Sends the snapshots of one session. Looks before each one whether the server still has what this
/// session last saw there: a lock that is missing, was taken away or is not honoured by the server
/// does not let two machines write over each other.
class HttpRemote final : public RemoteEnd {
 public:
  HttpRemote(StorePlace place, std::shared_ptr<StateServer> server, LockInfo lock,
             RemoteTrace::Seen base)
      : place_(std::move(place)),
        server_(std::move(server)),
        lock_(std::move(lock)),
        base_(std::move(base)) {}

  async::Task<schema::Result<void>> push(std::string snapshot, std::uint64_t serial) override;
  async::Task<schema::Result<void>> unlock() override;
  std::string address() const override { return server_->address(); }

 private:
  schema::Result<void> check_unchanged(const std::optional<std::string>& there) const;

  StorePlace place_;
  std::shared_ptr<StateServer> server_;
  LockInfo lock_;
  RemoteTrace::Seen base_;                 ///< what the server was last seen to have
  std::optional<RemoteTrace::Seen> sent_;  ///< what may have arrived since
};

}  // namespace pveplan::state
