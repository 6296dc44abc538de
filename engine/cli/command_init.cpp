#include "engine/cli/commands.hpp"

#include <fmt/format.h>

namespace pveplan::cli {
namespace {

constexpr const char* kTopology =
    R"(# A pveplan topology: what shall exist on one Proxmox VE cluster.
# `pveplan validate` checks it, `pveplan plan` previews, `pveplan apply` converges.

[pveplan]
name = "my-topology"              # marks what belongs to it; typed to confirm `destroy`
# vmids = ["2000-2999"]           # where new VMIDs come from

# [proxmox]                       # the cluster; not needed while there are only records
# endpoint = "https://pve1.lan:8006"
# tls.fingerprint = "AA:BB:..."   # or tls.ca_file = "pve-root-ca.pem"
# token = { env = "PVEPLAN_TOKEN" }

# [pool.team]
# comment = "made by pveplan"

[record.hello]
input = { greeting = "it works" }
)";

constexpr const char* kIgnore =
    "# State and saved plans stay on this machine.\n.pveplan/\nplan.json\n*.plan.json\n";

/// False when the file could not be written; an existing one is left as it is.
bool write_new(Program& program, const std::string& path, const char* content) {
  auto& files = program.host.files;
  if (files.exists(path)) {
    program.out(fmt::format("{} exists: left as it is.\n", path));
    return true;
  }
  const auto written = files.write(path, content, 0644);
  if (!written) {
    program.err("error: " + written.error().text() + "\n");
    return false;
  }
  program.out(fmt::format("{} written.\n", path));
  return true;
}

}  // namespace

async::Task<int> run_init(Program& program, Options options) {
  const auto prefix = options.directory.empty() ? std::string() : options.directory + "/";
  if (!options.directory.empty()) {
    if (const auto made = program.host.files.make_directories(options.directory, 0755); !made) {
      program.err("error: " + made.error().text() + "\n");
      co_return kError;
    }
  }
  if (!write_new(program, prefix + options.file, kTopology)) co_return kError;
  if (!write_new(program, prefix + ".gitignore", kIgnore)) co_return kError;
  program.out("Next: pveplan validate, pveplan plan, pveplan apply.\n");
  co_return kSuccess;
}

}  // namespace pveplan::cli
