#include "schema/diagnostic_text.hpp"
#include "tests/lab/shared_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/topologies.hpp"

#include <filesystem>

using namespace pveplan;
using namespace pveplan::schema;

namespace {

using Texts = std::vector<std::string>;

/// What is underlined by the errors of a topology, in order; all of them must say the same.
Texts refused(const Loaded& loaded) {
  Texts result;
  for (const auto& diagnostic : loaded.diagnostics.items()) {
    if (diagnostic.severity != Severity::error) continue;
    INFO(render_diagnostic(loaded.sources, diagnostic, {}));
    CHECK(diagnostic.summary == "Not supported yet");
    const auto span = diagnostic.span;
    REQUIRE(span.known());
    result.push_back(loaded.sources.text(span.file).substr(span.begin, span.end - span.begin));
  }
  return result;
}

Loaded load_fixture(const std::string& folder, const std::string& file,
                    const Texts& variables = {}) {
  tests::TopologyText topology("");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    topology.file(entry.path().string(), lab::testing::read_text(entry.path().string()));
  }
  topology.root(folder + "/" + file)
      .any_file("ssh-ed25519 AAAA me@here\n")
      .environment("HOME", "/home/me")
      .environment("PROXMOX_HOST", "https://pve.lan:8006");
  for (const auto& name : variables) {
    topology.variable_file(folder + "/" + name, lab::testing::read_text(folder + "/" + name));
  }
  return topology.load();
}

}  // namespace

TEST_CASE("every shared topology validates but for what is not supported yet") {
  const auto shared = lab::testing::shared_folder();
  if (!shared) {
    WARN("skipped: no topologies (set PVEPLAN_SHARED)");
    return;
  }
  const auto folder = *shared + "/topologies";
  CHECK(refused(load_fixture(folder, "homelab.toml")) ==
        Texts{"[mapping_pci.gpu]", "efi", "hostpci", "efi", "[container.proxy]",
              "[container.media]"});
  CHECK(refused(load_fixture(folder, "cozystack.toml")) ==
        Texts{"[role.capmox]", "[user.capmox]", "[token.capmox]", "[acl.capmox]", "user_data",
              "[ha_rule.cozy]", "format"});
  CHECK(refused(load_fixture(folder, "k3s-ha.toml")) == Texts{"[k3s.home]"});
  CHECK(refused(load_fixture(folder, "kubernetes-vms.toml")) == Texts{"node"});
  CHECK(refused(load_fixture(folder, "ceph-opensuse.toml")) == Texts{"ssh"});
  CHECK(refused(load_fixture(folder, "company/prod/pveplan.toml",
                             {"company/prod/prod.vars.toml"})) == Texts{});
  CHECK(refused(load_fixture(folder, "company/stage/pveplan.toml",
                             {"company/stage/stage.vars.toml"})) == Texts{});
}
