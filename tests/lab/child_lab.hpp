#pragma once

#include "lab/world/store.hpp"
#include "providers/async/real_files.hpp"
#include "schema/json.hpp"
#include "tests/support/child_process.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::lab::testing {

struct Ended {
  int exit_code = -1;
  std::string text;  ///< both outputs
};

/// The real program in a folder of its own, with a lab that serves as its child.
class ChildLab {
 public:
  explicit ChildLab(const std::vector<std::string>& init_options = {}) {
    std::vector<std::string> command{"lab", "init"};
    command.insert(command.end(), init_options.begin(), init_options.end());
    const Ended made = run(command);
    INFO(made.text);
    REQUIRE(made.exit_code == 0);
    welcome = made.text;
    token = between("PVEPLAN_TOKEN='root", "'", "root");
    fingerprint = between("tls.fingerprint = \"", "\"");
  }

  /// Runs `pveplan ARGUMENTS` to its end, with the token of root.
  Ended run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), PVEPLAN_BINARY);
    sim::ChildProcess child(arguments, folder.path(), variables());
    Ended ended;
    ended.text = child.read_all();
    ended.exit_code = child.exit_code();
    return ended;
  }

  /// What a child needs to reach the lab; topologies may name these.
  sim::Variables variables() const {
    return {{"PVEPLAN_TOKEN", token},
            {"PVEPLAN_LAB_ENDPOINT", "https://127.0.0.1:" + std::to_string(port)},
            {"PVEPLAN_LAB_FINGERPRINT", fingerprint},
            {"PVEPLAN_LAB_MIRROR", "http://127.0.0.1:" + std::to_string(mirror_port)}};
  }

  /// Changes the world while nobody serves it.
  void change_world(const std::function<void(World&)>& change) {
    WorldStore store(files_, world_folder());
    auto world = store.load();
    REQUIRE(world.has_value());
    change(*world);
    REQUIRE(store.save(*world).has_value());
  }

  void serve(const std::string& speed = "20") {
    server_.emplace(
        std::vector<std::string>{PVEPLAN_BINARY, "lab", "serve", "--port", "0", "--speed", speed},
        folder.path());
    const std::string line = server_->read_line();
    INFO(line);
    const std::string start = "listening on https://127.0.0.1:";
    REQUIRE(line.starts_with(start));
    port = static_cast<std::uint16_t>(std::stoi(line.substr(start.size())));
    const std::string mirror = server_->read_line();
    const std::string mirror_start = "mirror on http://127.0.0.1:";
    REQUIRE(mirror.starts_with(mirror_start));
    mirror_port = static_cast<std::uint16_t>(std::stoi(mirror.substr(mirror_start.size())));
  }
  /// As Ctrl-C does; gives the exit code.
  int stop() {
    server_->signal(SIGINT);
    const int code = server_->exit_code();
    server_.reset();
    return code;
  }

  /// How often the last server saw a call such as "POST /pools", or answered it "POST /pools 500".
  std::int64_t seen(const std::string& call) {
    const auto text = files_.read(world_folder() + "/requests.json");
    REQUIRE(text.has_value());
    const auto counts = schema::parse_json(*text);
    REQUIRE(counts.has_value());
    const auto* count = counts->find(call);
    return count == nullptr ? 0 : count->as_integer();
  }

  std::string world_folder() const { return folder.file(".pveplan-lab"); }

  sim::TemporaryFolder folder;
  std::string welcome, token, fingerprint;
  std::uint16_t port = 0, mirror_port = 0;

 private:
  std::string between(const std::string& before, const std::string& after,
                      const std::string& kept = {}) const {
    const auto at = welcome.find(before);
    REQUIRE(at != std::string::npos);
    const auto begin = at + before.size();
    return kept + welcome.substr(begin, welcome.find(after, begin) - begin);
  }

  async::RealFiles files_;
  std::optional<sim::ChildProcess> server_;
};

}  // namespace pveplan::lab::testing
