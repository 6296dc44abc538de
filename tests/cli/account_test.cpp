// What an apply tells at its end of what failed, was skipped, and was not even started.

#include "engine/cli/options.hpp"
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <sstream>

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

/// A rig whose server refuses pools: six of them, each with a record that needs it.
struct NoPools {
  Rig rig{1};
  NoPools() {
    std::string text = "[pveplan]\nname = \"t\"\n" + Rig::connection();
    for (int i = 1; i <= 6; ++i)
      text += fmt::format("[pool.p{0}]\n[record.r{0}]\ninput = \"of ${{pool.p{0}.id}}\"\n", i);
    rig.write_topology(text);
    refuse(1000);
  }
  void refuse(int times) {
    lab::Fault fault;
    fault.kind = lab::FaultKind::failure;
    fault.method = "POST";
    fault.path = "/pools";
    fault.times = times;
    fault.text = "no more pools";
    rig.lab.world().faults = {fault};
  }
};

}  // namespace

TEST_CASE("what was skipped is listed with what it waited for") {
  NoPools world;
  const auto ended = world.rig.run({"apply", "--auto-approve"});
  INFO(ended.out);
  CHECK(ended.exit_code == 1);
  CHECK(contains(ended.out, "Done 0, failed 6, skipped 6, not started 0"));
  CHECK(contains(ended.out, "failed pool.p3 create: "));
  CHECK(contains(ended.out, "no more pools"));
  CHECK(contains(ended.out, "skipped record.r3 needs pool.p3"));
  world.refuse(0);
  CHECK(world.rig.run({"apply", "--auto-approve"}).exit_code == 0);
}

TEST_CASE("the end of a failed task's log stands below what failed, without the noise") {
  Rig rig(1);
  rig.write_topology("[pveplan]\nname = \"t\"\n" + Rig::connection() +
                     "[image.debian]\nstorage = \"local\"\nnodes = [\"pve\"]\n"
                     "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n"
                     "checksum = \"sha256:" +
                     std::string(64, '0') + "\"\n");
  const auto ended = rig.run({"apply", "--auto-approve"});
  INFO(ended.out);
  CHECK(ended.exit_code == 1);
  const auto account = ended.out.substr(ended.out.find("\n  failed    image.debian[pve]") + 1);
  std::istringstream lines(account.substr(0, account.find("Nothing is half done")));
  std::size_t notes = 0;
  bool in_log = false;
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    const auto first = line.find_first_not_of(' ');
    CHECK((line.size() <= 80 || line.find(' ', first) == line.npos));  // long words stay whole
    if (in_log) ++notes;
    in_log = in_log || contains(line, "the task's last lines");
    if (in_log) CHECK(line.starts_with(std::string(14, ' ')));
    CHECK_FALSE(contains(line, ".... "));
  }
  CHECK(notes >= 2);
  CHECK(contains(account, "calculating checksum..."));
}

TEST_CASE("with --fail-fast and --max-failures nothing new is started after so many failures") {
  NoPools world;
  const auto fast = world.rig.run({"apply", "--auto-approve", "--fail-fast", "--parallelism", "1"});
  INFO(fast.out);
  CHECK(fast.exit_code == 1);
  CHECK(contains(fast.out, "Done 0, failed 1, skipped 1, not started 10"));
  CHECK(contains(fast.out, "Nothing new was started after so many failures."));
  const auto three =
      world.rig.run({"apply", "--auto-approve", "--max-failures", "3", "--parallelism", "1"});
  INFO(three.out);
  CHECK(contains(three.out, "Done 0, failed 3, skipped 3, not started 6"));
  const auto many =
      world.rig.run({"apply", "--auto-approve", "--max-failures", "6", "--parallelism", "1"});
  CHECK_FALSE(contains(many.out, "Nothing new was started"));
}

TEST_CASE("what runs when the limit of failures is reached is waited for") {
  NoPools world;
  const auto ended =
      world.rig.run({"apply", "--auto-approve", "--fail-fast", "--parallelism", "3"});
  INFO(ended.out);
  CHECK(contains(ended.out, "failed 3, skipped 3, not started 6"));
}

TEST_CASE("limits of failures that make no sense are refused") {
  CHECK_FALSE(cli::parse_options({"apply", "--max-failures", "0"}));
  CHECK_FALSE(cli::parse_options({"apply", "--max-failures", "2", "--fail-fast"}));
  CHECK_FALSE(cli::parse_options({"plan", "--fail-fast"}));
}
