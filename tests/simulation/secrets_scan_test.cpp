#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <map>

using namespace pveplan;
using sim::Rig;

namespace {

const std::string kFolder = "/home/tester/topology/";

/// One secret for each way in which a topology can come to one, and a word of its own in each.
const std::map<std::string, std::string> kSecrets = {
    {"variable of --var", "Qmotd-51c0ffee"},
    {"variable of a file", "Qnote-62decade"},
    {"variable of the environment", "Qenvi-73facade"},
    {"password by env", "Qpwenv-84deface"},
    {"password by file", "Qpwfile-95abacus"},
    {"password by command", "Qpwcmd-a6bedbug"},
    {"secret key", "Qkey-b7cabbage0123456789abcdef0123456789"},
};

std::string topology(const std::string& more = {}) {
  return "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\nsecret_key = { env = \"KEY\" }\n"
         "[proxmox]\nendpoint = \"https://pve:8006\"\ntls.insecure = true\n"
         "token = { command = [\"pass\", \"show\", \"token\"] }\n"
         "[variable.motd]\nsensitive = true\n[variable.note]\nsensitive = true\n"
         "[variable.envi]\nsensitive = true\n"
         "[record.r]\ninput = { plain = \"x\", whole = \"${var.motd}\", "
         "mixed = \"a ${var.note} b\", list = [\"${var.envi}\"] }\n"
         "[record.copy]\ninput = \"${record.r.output.whole}\"\n"
         "[output.o]\nvalue = [\"${var.motd}\", \"${record.r.output.mixed}\"]\n"
         "[pool.p]\ncomment = \"for ${var.envi}\"\n"
         "[vm.a]\ndescription = \"see ${var.note}\"\ntags = [\"web\"]\nmemory = \"1GiB\"\n"
         "disk.os = { storage = \"local-lvm\", size = \"1GiB\" }\n"
         "nic.lan.bridge = \"vmbr0\"\n"
         "cloud_init = { user = \"u\", password = { env = \"PASSWORD\" } }\n"
         "[vm.b]\nmemory = \"1GiB\"\ndisk.os = { storage = \"local-lvm\", size = \"1GiB\" "
         "}\ncloud_init = { user = \"u\", password = { file = \"pw\" } }\n"
         "[vm.c]\nmemory = \"1GiB\"\ndisk.os = { storage = \"local-lvm\", size = \"1GiB\" }\n"
         "cloud_init = { user = \"u\", password = { command = [\"pass\", \"show\", \"vm\"] } }\n" +
         more;
}

/// Everything on the disk but what the user himself put there.
std::map<std::string, std::string> files_below(const sim::SimDisk& disk, const std::string& path) {
  std::map<std::string, std::string> result;
  for (const auto& name : disk.list(path)) {
    const auto inner = (path == "/" ? "" : path) + "/" + name;
    const auto inode = disk.find(inner);
    if (inode == nullptr) continue;
    if (inode->directory) {
      result.merge(files_below(disk, inner));
    } else {
      result.emplace(inner, inode->content);
    }
  }
  for (const char* own : {"pveplan.toml", "secret.vars.toml", "pw"}) result.erase(kFolder + own);
  return result;
}

/// Runs commands and looks through all that they leave behind.
class Scanner {
 public:
  explicit Scanner(std::uint64_t seed) : rig(seed) {
    rig.write_topology(topology());
    rig.world.disk.place(kFolder + "pw", kSecrets.at("password by file") + "\n");
    rig.world.disk.place(kFolder + "secret.vars.toml",
                         "note = \"" + kSecrets.at("variable of a file") + "\"\n");
  }

  sim::Ended run(std::vector<std::string> command) {
    command.insert(command.end(), {"--var", "motd=" + kSecrets.at("variable of --var"), "--vars",
                                   "secret.vars.toml"});
    sim::Conditions conditions;
    conditions.prepare = [this](sim::SimHost& host) { prepare(host); };
    auto ended = rig.run(command, conditions);
    INFO(command[0] << " ended with " << ended.exit_code);
    scan("what is printed", ended.out);
    scan("what is printed as errors", ended.err);
    for (const auto& [path, content] : files_below(rig.world.disk, "/")) scan(path, content);
    for (const auto& word : words_of_children) scan("a child's command line", word);
    return ended;
  }

  Rig rig;
  std::string token;  ///< another one than that of the cluster, when it is set
  std::vector<std::string> words_of_children;

 private:
  void prepare(sim::SimHost& host) {
    auto& variables = host.environment.variables;
    const auto good = variables.at("TOKEN");
    variables.erase("TOKEN");
    sent_token_ = token.empty() ? good : token;
    variables["KEY"] = kSecrets.at("secret key");
    variables["PASSWORD"] = kSecrets.at("password by env");
    variables["PVEPLAN_VAR_envi"] = kSecrets.at("variable of the environment");
    host.processes.install("pass", [this](const std::vector<std::string>& argv, const auto&) {
      words_of_children.insert(words_of_children.end(), argv.begin(), argv.end());
      async::ProcessResult result;
      result.exit_code = 0;
      result.output = argv.back() == "vm" ? kSecrets.at("password by command") : sent_token_;
      return result;
    });
  }

  void scan(const std::string& place, const std::string& text) {
    for (const auto& [kind, secret] : kSecrets) {
      INFO(kind << " in " << place << ":\n" << text);
      CHECK(text.find(secret) == std::string::npos);
    }
    INFO("in " << place << ":\n" << text);
    CHECK(text.find(sent_token_.substr(sent_token_.find('=') + 1)) == std::string::npos);
    CHECK(text.find("$6$") == std::string::npos);  // a password as it is sent
  }

  std::string sent_token_ = "=none";
};

}  // namespace

TEST_CASE("no command shows, stores or hands on a secret") {
  Scanner scanner(GENERATE(1, 2));
  const auto must = [&scanner](const std::vector<std::string>& command, int code = 0) {
    const auto ended = scanner.run(command);
    INFO(command[0] << "\n" << ended.out << ended.err);
    REQUIRE(ended.exit_code == code);
  };
  must({"validate"});
  for (const char* format : {"dot", "mermaid", "json"}) must({"graph", "--format", format});
  must({"plan", "--json-into", "events.jsonl"});
  must({"plan", "--explain", "*"});
  for (const char* format : {"text", "json", "markdown"}) must({"plan", "--format", format});
  must({"plan", "-o", "plan.json"});
  for (const char* format : {"text", "json", "markdown"})
    must({"show", "plan.json", "--format", format});
  must({"apply", "plan.json", "--trace", "trace.txt"});
  must({"plan", "--detailed-exitcode"});
  for (const char* address : {"record.r", "vm.a", "vm.b", "pool.p"}) {
    must({"show", address});
    must({"show", address, "--origin"});
    must({"state", "show", address});
  }
  must({"output"});
  must({"output", "--format", "json"});
  scanner.rig.lab.world().guests.begin()->second.options["description"] = "by somebody else";
  must({"drift"}, 2);
  must({"drift", "--format", "json"}, 2);
  must({"drift", "--json"}, 2);
  must({"plan", "--format", "json"});
  must({"plan", "--explain", "*"});
  must({"plan", "--refresh=false"});
  must({"refresh", "--auto-approve", "--json"});
  must({"refresh", "--auto-approve"});
  must({"apply", "--auto-approve", "--json", "--replace", "vm.c", "--allow", "data-loss=vm.c",
        "--trace", "trace2.txt"});
  must({"state", "rm", "vm.b"});
  must({"destroy", "--auto-approve", "--allow", "data-loss=*"});
}

TEST_CASE("no error shows a secret") {
  const std::vector<std::string> slips = {
      "[vm.\"x\"]\nname = \"${var.motd}!\"\n",
      "[vm.x]\ncores = \"${var.motd}\"\n",
      "[vm.x]\nmemory = \"${var.note}\"\n",
      "[vm.x]\nnode = \"${var.envi}\"\n",
      "[vm.x]\nbios = \"${var.envi}\"\n",
      "[vm.x]\ntemplate = \"${var.envi}\"\n",
      "[vm.x]\nfor_each = [\"${var.envi}\"]\n",
      "[vm.x]\nnic.a = { bridge = \"${var.note}\", ip = \"${var.motd}\" }\n",
      "[vm.x]\ndisk.d = { storage = \"${var.note}\", size = \"1GiB\" }\n",
      "[record.x]\ninput = \"${var.motd}${nothing}\"\n",
      "[image.x]\nurl = \"http://127.0.0.1:8007/${var.note}\"\nstorage = \"local\"\n"
      "nodes = [\"pve\"]\n",
      "[pool.x]\nid = \"${var.motd} a\"\n",
  };
  for (const auto& slip : slips) {
    INFO(slip);
    Scanner scanner(1);
    scanner.rig.write_topology(topology(slip));
    const auto ended = scanner.run({"apply", "--auto-approve", "--trace", "trace.txt"});
    CHECK(ended.exit_code != 0);
  }
}

TEST_CASE("no refusal of the server shows a secret") {
  Scanner scanner(1);
  scanner.token = "root@pam!sim=c8deed00-0000-4000-8000-00000badcafe";
  CHECK(scanner.run({"plan", "--trace", "trace.txt"}).exit_code == 1);
  scanner.token = "a line\nand-another=c8deed00";
  CHECK(scanner.run({"plan"}).exit_code == 1);
}
