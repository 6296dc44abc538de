#include "schema/glob.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/topologies.hpp"

using namespace pveplan;
using namespace pveplan::schema;

namespace {

std::string root(const std::string& include, const std::string& rest = "") {
  return "[pveplan]\nname = \"lab\"\ninclude = " + include + "\n" + rest;
}

std::string record(const std::string& name) { return "[record." + name + "]\ninput = 1\n"; }

using Names = std::vector<std::string>;

Names files_of(const Loaded& loaded) {
  Names names;
  for (std::uint32_t file = 0; file < loaded.sources.size(); ++file)
    names.push_back(loaded.sources.name(file));
  return names;
}

Names addresses_of(const Loaded& loaded) {
  REQUIRE(loaded.topology);
  Names names;
  for (const auto& resource : loaded.topology->resources) names.push_back(resource.address.text());
  return names;
}

}  // namespace

TEST_CASE("globs are read sorted, and locks, values and hidden files are no part of a topology") {
  tests::TopologyText topology(root("[\"common/*.toml\"]", record("z")));
  topology.file("common/b.toml", record("b")).file("common/a.toml", record("a"));
  topology.file("common/pveplan.lock.toml", "[").file("common/prod.vars.toml", "[");
  topology.file("common/.hidden.toml", "[").file("common/notes.txt", "[");
  topology.file("common/deeper/c.toml", "[");
  const auto loaded = topology.load();
  CHECK(topology.messages() == "");
  CHECK(files_of(loaded) == Names{"pveplan.toml", "common/a.toml", "common/b.toml"});
  CHECK(addresses_of(loaded) == Names{"record.a", "record.b", "record.z"});
}

TEST_CASE("a pattern may stand for folders too") {
  tests::TopologyText topology(root("[\"sites/*/v?.toml\"]"));
  topology.file("sites/b/v1.toml", record("b1")).file("sites/a/v2.toml", record("a2"));
  topology.file("sites/a/v10.toml", record("no")).file("sites/v1.toml", record("no"));
  CHECK(files_of(topology.load()) == Names{"pveplan.toml", "sites/a/v2.toml", "sites/b/v1.toml"});
}

TEST_CASE("an included file includes relative to itself, and a file that two name is read once") {
  tests::TopologyText topology("");
  topology.root("prod/pveplan.toml")
      .file("prod/pveplan.toml", root("[\"../common/*.toml\", \"../common/base.toml\"]"))
      .file("common/base.toml", "[pveplan]\ninclude = [\"parts/*.toml\"]\n" + record("base"))
      .file("common/parts/one.toml", record("one"));
  CHECK(topology.messages() == "");
  CHECK(addresses_of(topology.load()) == Names{"record.base", "record.one"});
}

TEST_CASE("a glob beside the root file does not include the root file again") {
  tests::TopologyText topology(root("[\"*.toml\"]", record("a")));
  topology.file("more.toml", record("b"));
  CHECK(topology.messages() == "");
  CHECK(addresses_of(topology.load()) == Names{"record.a", "record.b"});
}

TEST_CASE("a file that includes itself by its name goes round in a circle") {
  tests::TopologyText topology(root("[\"./pveplan.toml\"]"));
  CHECK(topology.messages().find("pveplan.toml includes pveplan.toml") != std::string::npos);
}

TEST_CASE("profiles, variables, templates and connections may come from an included file") {
  tests::TopologyText topology("");
  topology.root("prod/pveplan.toml")
      .file("prod/pveplan.toml",
            root("[\"../common/*.toml\"]", "[vm.web]\nuse = [\"linux\"]\nnode = \"${var.node}\"\n"))
      .file("common/base.toml",
            "[variable.node]\ndefault = \"pve1\"\n"
            "[profile.linux]\nmemory = \"4GiB\"\ncloud_init.ssh_keys = [\"keys/me.pub\"]\n"
            "[proxmox]\nendpoint = \"https://pve.lan:8006\"\ntls.ca_file = \"ca.pem\"\n"
            "token = { env = \"TOKEN\" }\n")
      .file("common/keys/me.pub", "ssh-ed25519 AAAA me@here\n");
  const auto loaded = topology.load();
  CHECK(topology.messages() == "");
  REQUIRE(loaded.topology);
  CHECK(loaded.topology->connection->ca_file == "prod/../common/ca.pem");
  const auto* vm = loaded.topology->find({"vm", "web", {}, {}});
  REQUIRE(vm != nullptr);
  CHECK(*vm->attributes.find("node") == Value::string("pve1"));
  CHECK(vm->attributes.find(Path::parse("cloud_init.ssh_keys"))->as_list()[0].as_string() ==
        "ssh-ed25519 AAAA me@here");
  CHECK(loaded.sources.name(vm->span_of(Path({"memory"})).file) == "prod/../common/base.toml");
}

TEST_CASE("lists of moves from several files count together") {
  tests::TopologyText topology(
      root("[\"b.toml\"]", "[[moved]]\nfrom = \"record.a\"\nto = \"record.b\"\n" + record("b")));
  topology.file("b.toml", "[[moved]]\nfrom = \"record.c\"\nto = \"record.d\"\n" + record("d"));
  const auto loaded = topology.load();
  REQUIRE(loaded.topology);
  CHECK(loaded.topology->moved.size() == 2);
}

TEST_CASE("names that a file which cannot be read may declare are not called unknown") {
  tests::TopologyText topology(root("[\"broken.toml\"]",
                                    "[record.a]\ninput = \"${record.there.output} ${var.x}\"\n"
                                    "[vm.a]\nuse = [\"p\"]\ntemplate = \"t\"\n"));
  topology.file("broken.toml", "x = [").variable("x", "1");
  const auto loaded = topology.load();
  REQUIRE(loaded.diagnostics.items().size() == 1);
  CHECK(loaded.sources.name(loaded.diagnostics.items()[0].span.file) == "broken.toml");
}

TEST_CASE("patterns are those of a shell") {
  CHECK(fits_glob("a.toml", "*.toml"));
  CHECK(fits_glob("a.toml", "?.toml"));
  CHECK(fits_glob("a.toml", "[a-c].toml"));
  CHECK(fits_glob("d.toml", "[!a-c]*"));
  CHECK(fits_glob("aXbXc", "a*X*c"));
  CHECK(fits_glob("]x", "[]]x"));
  CHECK(fits_glob("[x", "[x"));
  CHECK(fits_glob("", "*"));
  CHECK(fits_glob(".x", ".*"));
  CHECK_FALSE(fits_glob("a.toml", "*.tom"));
  CHECK_FALSE(fits_glob("ab.toml", "?.toml"));
  CHECK_FALSE(fits_glob(".a.toml", "*.toml"));
  CHECK_FALSE(fits_glob("d", "[a-c]"));
  CHECK_FALSE(fits_glob("", "?"));
  CHECK_FALSE(fits_glob("a/b", "?"));
}
