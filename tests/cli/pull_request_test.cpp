// Three plans that a reviewer meets, as the README's chapter on pull requests shows them.

#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace pveplan;
using sim::Rig;

namespace {

const std::string kReadme = std::string(PVEPLAN_SOURCE_DIR) + "/README.md";

const std::string kHead =
    "[pveplan]\nname = \"shop\"\nvmids = [\"200-299\"]\n" + Rig::connection() +
    "[ip_pool.lan]\ncidr = \"10.10.20.0/24\"\nallocate = [\"10.10.20.50-10.10.20.99\"]\n"
    "gateway = \"10.10.20.1\"\n"
    "[image.debian12]\nstorage = \"local\"\n"
    "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n"
    "[template.debian12]\nimage = \"debian12\"\nstorage = \"local-lvm\"\nagent = true\n";

struct Shop {
  int webs = 3;
  std::string web = "memory = \"2GiB\"\n";
  std::string db = "cores = 2\n";
  bool legacy = true;

  std::string text() const {
    auto result = kHead + fmt::format(
                              "[vm.web]\ntemplate = \"debian12\"\ncount = {}\nrestart = \"now\"\n{}"
                              "nic.lan = {{ bridge = \"vmbr0\", ip = \"pool:lan\" }}\n"
                              "[vm.db]\ntemplate = \"debian12\"\nmemory = \"4GiB\"\n{}"
                              "disk.data = {{ storage = \"local-lvm\", size = \"50GiB\" }}\n",
                              webs, web, db);
    if (legacy)
      result +=
          "[vm.legacy]\nmemory = \"1GiB\"\n"
          "disk.os = { storage = \"local-lvm\", size = \"20GiB\" }\n"
          "disk.data = { storage = \"local-lvm\", size = \"100GiB\", backup = false }\n";
    return result;
  }
};

/// A file as vzdump leaves it, of 2026-11-12 03:00 UTC.
void add_backup(Rig& rig, int vmid) {
  lab::Volume volume;
  volume.content = "backup";
  volume.format = "vma.zst";
  volume.size = volume.used = std::int64_t{1} << 30;
  volume.guest = vmid;
  volume.created = 1'794'452'400;
  rig.lab.world().storage.volumes["local"]["pve"].insert_or_assign(
      fmt::format("backup/vzdump-qemu-{}-2026_11_12-03_00_00.vma.zst", vmid), volume);
}

/// The shop as it runs before each of the three requests.
std::unique_ptr<Rig> running_shop() {
  auto rig = std::make_unique<Rig>(1);
  rig->write_topology(Shop().text());
  const auto made = rig->run({"apply", "--auto-approve"});
  INFO(made.out << made.err);
  REQUIRE(made.exit_code == 0);
  rig->world.clock.pass(std::chrono::minutes(5));
  rig->lab.advance(rig->world.clock.now());
  for (auto& [vmid, guest] : rig->lab.world().guests) {
    if (guest.options["name"] != "legacy") continue;
    add_backup(*rig, vmid);
    guest.snapshots["before-upgrade"].options = guest.options;
    guest.snapshots["before-upgrade"].taken = 1'790'000'000;
  }
  return rig;
}

/// Where the plan of that name stands in the README, without the lines around it.
std::pair<std::size_t, std::size_t> place(const std::string& readme, const std::string& begin_line,
                                          const std::string& end_line) {
  const auto begin = readme.find(begin_line + "\n");
  INFO(begin_line);
  REQUIRE(begin != std::string::npos);
  const auto content = begin + begin_line.size() + 1;
  const auto end = readme.find("\n" + end_line + "\n", content - 1);
  REQUIRE(end != std::string::npos);
  return {content, std::max(content, end + 1)};
}

void compare(std::string& readme, const std::string& begin_line, const std::string& end_line,
             const std::string& printed) {
  const auto [begin, end] = place(readme, begin_line, end_line);
  if (std::getenv("PVEPLAN_UPDATE_GOLDEN") != nullptr)
    readme.replace(begin, end - begin, printed);
  else
    CHECK(readme.substr(begin, end - begin) == printed);
}

}  // namespace

TEST_CASE("the README shows three plans as a reviewer really sees them") {
  struct Request {
    std::string name;
    Shop shop;
  };
  Request harmless{"harmless", {}};
  harmless.shop.webs = 4;
  harmless.shop.db += "description = \"orders and customers\"\n";
  Request restart{"restart", {}};
  restart.shop.web = "memory = \"3GiB\"\n";
  restart.shop.db = "cores = 4\n";
  Request loss{"data loss", {}};
  loss.shop.legacy = false;

  std::ifstream file(kReadme);
  std::stringstream text;
  text << file.rdbuf();
  auto readme = text.str();
  for (const auto& request : {harmless, restart, loss}) {
    const auto rig = running_shop();
    rig->write_topology(request.shop.text());
    const auto markdown = rig->run({"plan", "--format", "markdown"});
    INFO(markdown.err);
    REQUIRE(markdown.exit_code == 0);
    compare(readme, fmt::format("<!-- plan: {} -->", request.name), "<!-- end of plan -->",
            markdown.out);
    const auto terminal = rig->run({"plan"});
    compare(readme, fmt::format("```text ({})", request.name), "```", terminal.out);
  }
  if (std::getenv("PVEPLAN_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(kReadme) << readme;
    FAIL("written, not compared: " << kReadme);
  }
}
