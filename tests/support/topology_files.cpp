#include "tests/support/topology_files.hpp"

#include "tests/support/golden.hpp"

#include <filesystem>

namespace pveplan::tests {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> read_folder(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file())
      files[fs::relative(entry.path(), folder).string()] = read_text(entry.path().string());
  }
  return files;
}

}  // namespace

TopologyText TopologyFiles::load_request() const {
  TopologyText topology("");
  for (const auto& [path, text] : files) topology.file(path, text);
  for (const auto& path : variable_files) topology.variable_file(path, files.at(path));
  topology.root(root)
      .any_file("ssh-ed25519 AAAA me@here\n")
      .environment("HOME", "/home/me")
      .environment("PROXMOX_HOST", "https://pve.lan:8006");
  return topology;
}

std::vector<TopologyFiles> all_topology_files() {
  const fs::path folder = std::string(PVEPLAN_SOURCE_DIR) + "/tests/topologies";
  std::vector<TopologyFiles> result;
  for (const char* name : {"ceph-opensuse", "cozystack", "homelab", "k3s-ha", "kubernetes-vms"}) {
    result.push_back({name, read_folder(folder / name), "pveplan.toml", {}, {"pveplan.toml"}});
  }
  for (const std::string site : {"prod", "stage"}) {
    TopologyFiles company{"company/" + site,
                          read_folder(folder / "company"),
                          site + "/pveplan.toml",
                          {site + "/" + site + ".vars.toml"},
                          {}};
    company.texts = {company.root, "common/base.toml"};
    result.push_back(std::move(company));
  }
  return result;
}

}  // namespace pveplan::tests
