// The real program with real signals and real pipes.

#include "tests/lab/child_lab.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <fstream>
#include <sys/stat.h>

using namespace pveplan;
using lab::testing::ChildLab;
using lab::testing::Ended;

namespace {

/// Pools whose creation is answered late, and records that come after each.
void write_slow_topology(ChildLab& lab) {
  std::ofstream(lab.folder.file("pveplan.toml")) << fmt::format(
      R"([pveplan]
name = "slow"
[proxmox]
endpoint = "https://127.0.0.1:{}"
tls.fingerprint = "{}"
token = {{ env = "PVEPLAN_TOKEN" }}
[pool.slow]
[record.later]
count = 3
after = ["pool.slow"]
input = "${{each.key}}"
)",
      lab.port, lab.fingerprint);
}

void write_pools(ChildLab& lab, int count) {
  std::ofstream file(lab.folder.file("pveplan.toml"));
  file << fmt::format(
      R"([pveplan]
name = "pools"
[proxmox]
endpoint = "https://127.0.0.1:{}"
tls.fingerprint = "{}"
token = {{ env = "PVEPLAN_TOKEN" }}
)",
      lab.port, lab.fingerprint);
  for (int i = 0; i < count; ++i) file << fmt::format("[pool.many{}]\n", i);
}

void answer_late(ChildLab& lab, std::chrono::seconds delay) {
  lab.change_world([delay](lab::World& world) {
    lab::Fault slow;
    slow.kind = lab::FaultKind::delay;
    slow.method = "POST";
    slow.path = "/pools";
    slow.delay = delay;
    world.faults.push_back(slow);
  });
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Starts apply and reads until its first step has started.
class StartedApply {
 public:
  explicit StartedApply(ChildLab& lab)
      : child_({PVEPLAN_BINARY, "apply", "--auto-approve"}, lab.folder.path(),
               {{"PVEPLAN_TOKEN", lab.token}}) {
    child_.narrow_output();
    read_until("started");
  }
  /// Reads to a line with these words; fails at the end of the output.
  void read_until(const std::string& words) {
    for (;;) {
      const auto line = child_.read_line();
      text_ += line + "\n";
      if (has(line, words)) return;
      INFO(text_);
      REQUIRE_FALSE(has(text_, "in 0.0 s."));
      REQUIRE(text_.size() < 100'000);
    }
  }
  void interrupt() { child_.signal(SIGINT); }
  void signal(int number) { child_.signal(number); }
  /// Until its output is full, since nobody reads it any more.
  void wait_until_stuck() { REQUIRE(child_.fills_its_output(std::chrono::seconds(60))); }
  /// As an impatient person does; the exit code.
  int interrupt_until_it_ends() {
    for (int i = 0; i < 200; ++i) {
      interrupt();
      if (child_.ends_within(std::chrono::milliseconds(50))) return child_.exit_code();
    }
    return -1;
  }
  Ended end() {
    text_ += child_.read_all();
    const int code = child_.exit_code();
    return {code, text_};
  }

 private:
  sim::ChildProcess child_;
  std::string text_;
};

/// A line of shell in a folder of its own.
Ended shell(const sim::TemporaryFolder& folder, const std::string& line,
            const sim::Variables& variables = {}) {
  sim::ChildProcess child({"/bin/bash", "--norc", "-c", line}, folder.path(), variables);
  Ended ended;
  ended.text = child.read_all();
  ended.exit_code = child.exit_code();
  return ended;
}

void write_records(const sim::TemporaryFolder& folder) {
  std::ofstream(folder.file("pveplan.toml"))
      << "[pveplan]\nname = \"t\"\n[record.r]\ncount = 2000\ninput = \"${each.key}\"\n";
}

}  // namespace

TEST_CASE("the first Ctrl-C waits for what runs and starts nothing new") {
  ChildLab lab;
  answer_late(lab, std::chrono::seconds(40));
  lab.serve("20");
  write_slow_topology(lab);
  StartedApply apply(lab);
  apply.interrupt();
  apply.read_until("Interrupted: nothing new is started; waiting for 1 running step");
  const auto ended = apply.end();
  INFO(ended.text);
  CHECK(ended.exit_code == 130);
  CHECK(has(ended.text, "Done 1, failed 0, skipped 0, not started 3"));
  const auto again = lab.run({"apply", "--auto-approve"});
  INFO(again.text);
  CHECK(again.exit_code == 0);
  CHECK(lab.stop() == 0);
  CHECK(lab.seen("POST /pools") == 1);
}

TEST_CASE("the second Ctrl-C leaves at once, and the next run settles what was left") {
  ChildLab lab;
  answer_late(lab, std::chrono::hours(1));
  lab.serve("20");
  write_slow_topology(lab);
  StartedApply apply(lab);
  apply.interrupt();
  apply.read_until("Interrupted: nothing new is started");
  apply.interrupt();
  const auto ended = apply.end();
  INFO(ended.text);
  CHECK(ended.exit_code == 130);
  CHECK(has(ended.text, "outcome unknown 1"));
  const auto list = lab.run({"state", "list"});
  CHECK(list.exit_code == 0);
  CHECK_FALSE(has(list.text, "record.later"));
  CHECK(lab.stop() == 0);
}

TEST_CASE("SIGTERM waits a few seconds for what runs, then leaves it to the next run") {
  ChildLab lab;
  answer_late(lab, std::chrono::hours(1));
  lab.serve("20");
  write_slow_topology(lab);
  StartedApply apply(lab);
  apply.signal(SIGTERM);
  apply.read_until("Asked to end: nothing new is started; 1 running step may go on for 8 s");
  apply.read_until("Leaving 1 running step to the server");
  const auto ended = apply.end();
  INFO(ended.text);
  CHECK(ended.exit_code == 130);
  CHECK(has(ended.text, "outcome unknown 1"));
  CHECK(lab.run({"state", "list"}).exit_code == 0);
  CHECK(lab.stop() == 0);
}

TEST_CASE("the third Ctrl-C ends an apply that is stuck in its output, and nothing is lost") {
  ChildLab lab;
  lab.serve("20");
  write_pools(lab, 300);
  {
    StartedApply apply(lab);
    apply.wait_until_stuck();
    CHECK(apply.interrupt_until_it_ends() == 130);
  }
  const auto again = lab.run({"apply", "--auto-approve"});
  INFO(again.text);
  CHECK(again.exit_code == 0);
  CHECK(lab.run({"plan", "--detailed-exitcode"}).exit_code == 0);
  CHECK(lab.stop() == 0);
  CHECK(lab.seen("POST /pools") == 300);
}

TEST_CASE("an apply whose reader goes away half way is finished in silence") {
  ChildLab lab;
  lab.serve("20");
  write_pools(lab, 60);
  const auto apply =
      shell(lab.folder,
            std::string(PVEPLAN_BINARY) +
                " apply --auto-approve 2>&1 | grep -m 1 started; echo ${PIPESTATUS[0]}",
            lab.variables());
  INFO(apply.text);
  CHECK(has(apply.text, "started\n0\n"));
  CHECK(has(
      shell(lab.folder, std::string(PVEPLAN_BINARY) + " state list | wc -l", lab.variables()).text,
      "60"));
  CHECK(lab.stop() == 0);
  CHECK(lab.seen("POST /pools") == 60);
}

TEST_CASE("a reader that closes the pipe ends nothing and hears nothing") {
  const sim::TemporaryFolder folder;
  write_records(folder);
  const std::string program = PVEPLAN_BINARY;
  const auto plan = shell(folder, "set -o pipefail; " + program + " plan | head -n 1");
  INFO(plan.text);
  CHECK(plan.text == "t (no cluster), no state yet\n");
  CHECK(plan.exit_code == 0);
  const auto apply = shell(folder, program + " apply --auto-approve | true; echo ${PIPESTATUS[0]}");
  CHECK(apply.text == "0\n");
  CHECK(has(shell(folder, program + " state list | wc -l").text, "2000"));
  CHECK(shell(folder, "set -o pipefail; " + program + " --help | true").text.empty());
}

TEST_CASE("an output that cannot be written is an error, not a shorter plan") {
  const sim::TemporaryFolder folder;
  write_records(folder);
  const auto full = shell(folder, std::string(PVEPLAN_BINARY) + " plan --format json > /dev/full");
  INFO(full.text);
  CHECK(full.exit_code == 1);
  CHECK(has(full.text, "The output could not be written: No space left on device."));
  // Nobody has seen the changes that 2 would speak of.
  const auto detailed =
      shell(folder, std::string(PVEPLAN_BINARY) + " plan --detailed-exitcode > /dev/full");
  CHECK(detailed.exit_code == 1);
}

TEST_CASE("a wrong command line ends with 64, within 80 columns") {
  const sim::TemporaryFolder folder;
  const auto wrong =
      shell(folder, std::string(PVEPLAN_BINARY) + " apply plan.json --allow data-loss=vm.db");
  INFO(wrong.text);
  CHECK(wrong.exit_code == 64);
  CHECK(has(wrong.text, "does not take --allow"));
  for (std::size_t begin = 0; begin < wrong.text.size();) {
    const auto end = std::min(wrong.text.find('\n', begin), wrong.text.size());
    CHECK(end - begin <= 80);
    begin = end + 1;
  }
}

TEST_CASE("without a terminal there is no colour and no cursor movement") {
  const sim::TemporaryFolder folder;
  write_records(folder);
  const auto apply =
      shell(folder, std::string(PVEPLAN_BINARY) + " apply --auto-approve < /dev/null");
  CHECK(apply.exit_code == 0);
  CHECK_FALSE(has(apply.text, "\x1b["));
}

TEST_CASE("a saved plan takes the place of no pipe and no link") {
  const sim::TemporaryFolder folder;
  write_records(folder);
  const std::string program = PVEPLAN_BINARY;
  REQUIRE(shell(folder, "mkfifo pipe && echo kept > target && ln -s target link").exit_code == 0);
  for (const char* name : {"pipe", "link", "."}) {
    const auto plan = shell(folder, program + " plan -o " + name + " >/dev/null");
    INFO(name << plan.text);
    CHECK(plan.exit_code == 1);
    CHECK(has(plan.text, "Plan file cannot be written"));
  }
  CHECK(shell(folder, "test -p pipe && test -L link && cat target").text == "kept\n");
  CHECK(shell(folder, program + " plan -o plan.json >/dev/null").exit_code == 0);
}

TEST_CASE("a pipe or a folder in the place of the topology is an error at once") {
  ChildLab lab;
  REQUIRE(::mkfifo(lab.folder.file("pipe.toml").c_str(), 0600) == 0);
  const auto pipe = lab.run({"validate", "-f", "pipe.toml"});
  INFO(pipe.text);
  CHECK(pipe.exit_code == 1);
  CHECK(has(pipe.text, "it is a pipe, a socket or a device"));
  const auto device = lab.run({"validate", "-f", "/dev/zero"});
  CHECK(device.exit_code == 1);
  REQUIRE(::mkdir(lab.folder.file("folder.toml").c_str(), 0700) == 0);
  const auto folder = lab.run({"validate", "-f", "folder.toml"});
  INFO(folder.text);
  CHECK(folder.exit_code == 1);
  CHECK(has(folder.text, "Is a directory"));
}

TEST_CASE("an apply whose events nobody reads goes on to its end and says so") {
  sim::TemporaryFolder folder;
  write_records(folder);
  const auto ended =
      shell(folder, std::string("set -o pipefail; ") + PVEPLAN_BINARY +
                        " apply --auto-approve --json 2>problem.txt | head -n 1 >first.txt; "
                        "echo code $?; cat problem.txt; " +
                        PVEPLAN_BINARY + " state list | wc -l");
  INFO(ended.text);
  CHECK(has(ended.text, "code 1\n"));
  CHECK(has(ended.text, "The output could not be written"));
  CHECK(has(ended.text, "\n2000\n"));
}
