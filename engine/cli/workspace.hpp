#pragma once

#include "engine/cli/program.hpp"
#include "engine/cli/secret_vault.hpp"
#include "engine/cli/state_access.hpp"
#include "engine/converge.hpp"
#include "providers/pve/client/client.hpp"
#include "providers/pve/task/task_watcher.hpp"
#include "schema/load.hpp"
#include "state/secret_key.hpp"

#include <memory>
#include <optional>
#include <string>

namespace pveplan::cli {

/// The API of the topology's cluster with everything that shares it.
class ClusterLink final : public core::Tasks, public core::ClusterReader, private pve::SilenceSink {
 public:
  ClusterLink(async::Host& host, pve::ClientOptions options);

  core::Api& api() { return client_; }
  /// Who hears of servers that do not answer: must outlive what is asked from now on.
  void tell(engine::EventSink& events) { events_ = &events; }
  async::Task<core::TaskEnd> wait(std::string upid, core::ProgressSink* progress) override;
  async::Task<core::TaskEnd> look(std::string upid) override;
  async::Task<schema::Result<model::ClusterFacts>> load() override;
  async::Task<schema::Result<bool>> vmid_is_free(std::int64_t vmid) override;
  async::Task<schema::Result<core::Surroundings>> look_around(
      model::ClusterFacts cluster, core::SurroundingsRequest request) override;
  async::Task<model::ClusterFacts> look_closely(model::ClusterFacts cluster,
                                                core::CloseLook look) override;

 private:
  core::TaskEnd cleaned(core::TaskEnd end) const;
  void server_silent(const std::string& text) override;
  void server_answers(const std::string& text) override;

  engine::EventSink* events_ = nullptr;
  pve::Client client_;
  pve::TaskWatcher watcher_;
};

/// A loaded topology with its state and its cluster.
class Workspace {
 public:
  Workspace(Program& program, schema::Loaded loaded, schema::Pins pins, bool locked);

  const schema::Topology& topology() const { return *loaded_.topology; }
  const schema::SourceMap& sources() const { return loaded_.sources; }
  state::Store& store() { return state_.store(); }
  /// Where this machine keeps what belongs to the state.
  const state::StorePlace& state_folder() const { return state_.folder(); }
  /// Fetches the token and makes the link; nothing is sent yet. A topology without [proxmox] has
  /// none.
  async::Task<schema::Result<void>> connect(pve::TraceSink* trace);
  engine::Services services(engine::EventSink& events);

 private:
  Program& program_;
  schema::Loaded loaded_;
  schema::Pins pins_;
  bool locked_ = false;
  StatePlace state_;
  SecretVault vault_;
  std::unique_ptr<ClusterLink> link_;
};

/// Loads the topology that the options name. Errors and warnings are printed; null when there is
/// any error.
std::unique_ptr<Workspace> open_workspace(Program& program, const Options& options);

/// The state as it is stored, without its lock. Errors and warnings are printed; nullopt when there
/// is an error.
async::Task<std::optional<state::Loaded>> read_state(Program& program, const Options* options,
                                                     Workspace& workspace);

/// The same as open_workspace() without a state: for `validate` and `graph`.
schema::Loaded load_topology(Program& program, const Options& options);

/// `pveplan.lock.toml` beside the topology.
std::string lock_file_path(const Options& options);

/// Prints diagnostics to the error output, each with its source line.
void print_diagnostics(Program& program, const Options& options, const schema::SourceMap& sources,
                       const schema::Diagnostics& diagnostics);
void print_diagnostic(Program& program, const Options& options, const schema::SourceMap& sources,
                      const schema::Diagnostic& diagnostic);

/// Why nothing is done though nothing is wrong: whole lines.
void print_refusal(Program& program, const std::string& text);

/// Fetches a secret from where the topology says.
async::Task<schema::Result<std::string>> fetch_secret(async::Host& host,
                                                      schema::SecretSource source);

/// The key of a topology that names one, so that a whole team digests alike.
async::Task<schema::Result<state::SecretKey>> fetch_secret_key(async::Host& host,
                                                               schema::SecretSource source);
/// The key of this user, made when it is first needed.
schema::Result<state::SecretKey> users_secret_key(async::Host& host);

}  // namespace pveplan::cli
