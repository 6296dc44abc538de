#include "providers/async/real_host.hpp"

#include "providers/async/all_settled.hpp"
#include "providers/async/cancel.hpp"
#include "providers/async/sleep.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <set>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace pveplan::async {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Argv = std::vector<std::string>;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "pveplan-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { fs::remove_all(path_); }
  std::string path(const std::string& name) const { return path_ + "/" + name; }
  std::string path() const { return path_; }

 private:
  std::string path_;
};

class RealHostFixture {
 public:
  ProcessResult run(Argv argv, std::string input = "") {
    return host().loop.run(host().processes.run(std::move(argv), std::move(input)));
  }
  Host& host() { return real.host(); }
  RealHost real;
};

unsigned mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("real files answer as the simulated ones do") {
  const TemporaryFolder folder;
  RealFiles files;
  CHECK(files.read(folder.path("absent")).error().code == ENOENT);
  CHECK(files.write(folder.path("no/such/folder"), "", 0600).error().code == ENOENT);
  CHECK(files.make_directories(folder.path("a/b/c"), 0700));
  CHECK(files.make_directories(folder.path("a/b/c"), 0700));
  CHECK(files.write(folder.path("a/b/c/file"), "text", 0600));
  CHECK(files.make_directories(folder.path("a/b/c/file"), 0700).error().code == ENOTDIR);
  CHECK(files.read(folder.path("a/b")).error().code == EISDIR);
  CHECK(files.list(folder.path("a")) == std::vector<std::string>{"b"});
  CHECK(files.size(folder.path("a/b/c/file")) == 4u);
  CHECK(files.sync_file(folder.path("a/b/c/file")));
  CHECK(files.rename(folder.path("a/b/c/file"), folder.path("a/b/c/other")));
  CHECK(files.sync_directory(folder.path("a/b/c")));
  CHECK(files.read(folder.path("a/b/c/other")) == "text");
  CHECK(files.remove(folder.path("a/b/c/other")));
  CHECK_FALSE(files.exists(folder.path("a/b/c/other")));
  CHECK(files.remove(folder.path("a/b/c/other")).error().code == ENOENT);
}

TEST_CASE("a journal grows, and reserving room does not change its size") {
  const TemporaryFolder folder;
  RealFiles files;
  {
    auto journal = files.open_append(folder.path("journal"), 0600);
    REQUIRE(journal);
    CHECK((*journal)->preallocate(1 << 20));
    CHECK((*journal)->append("one "));
    CHECK((*journal)->sync());
  }
  auto journal = files.open_append(folder.path("journal"), 0600);
  CHECK((*journal)->append("two"));
  CHECK(files.read(folder.path("journal")) == "one two");
}

TEST_CASE("a file that is written again keeps at most the permissions asked for") {
  const TemporaryFolder folder;
  RealFiles files;
  CHECK(files.write(folder.path("secret"), "longer", 0600));
  CHECK(mode_of(folder.path("secret")) == 0600);
  REQUIRE(::chmod(folder.path("secret").c_str(), 0644) == 0);
  CHECK(files.write(folder.path("secret"), "short", 0600));
  CHECK(mode_of(folder.path("secret")) == 0600);
  CHECK(files.read(folder.path("secret")) == "short");
}

TEST_CASE("a full device is an error, with its name") {
  RealFiles files;
  auto full = files.open_append("/dev/full", 0600);
  REQUIRE(full);
  const auto failed = (*full)->append("x");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().text() == "cannot write '/dev/full': No space left on device");
}

TEST_CASE("a lock is held until it is let go") {
  const TemporaryFolder folder;
  RealFiles files;
  auto first = files.try_lock(folder.path("lock"));
  REQUIRE(first);
  REQUIRE(*first);
  auto second = files.try_lock(folder.path("lock"));
  REQUIRE(second);
  CHECK_FALSE(*second);
  first->reset();
  second = files.try_lock(folder.path("lock"));
  REQUIRE(second);
  CHECK(*second);
}

TEST_CASE_METHOD(RealHostFixture, "a child gets its arguments as they are, and its input") {
  const ProcessResult result =
      run({"sh", "-c", "cat; echo \"$1\" >&2; exit 3", "sh", "a  b;$c"}, "in");
  CHECK(result.exit_code == 3);
  CHECK(result.output == "in");
  CHECK(result.error_output == "a  b;$c\n");
}

TEST_CASE_METHOD(RealHostFixture, "more than a pipe holds passes through a child") {
  const std::string text(3'000'000, 'x');
  CHECK(run({"cat"}, text).output == text);
}

TEST_CASE_METHOD(RealHostFixture, "a child that does not read its input ends all the same") {
  CHECK(run({"true"}, std::string(1'000'000, 'x')).exit_code == 0);
}

TEST_CASE_METHOD(RealHostFixture, "a program that does not exist is said to be missing") {
  const ProcessResult result = run({"/nowhere/no-such-program"});
  CHECK(result.exit_code == -1);
  CHECK(result.error_output ==
        "cannot start '/nowhere/no-such-program': No such file or directory");
}

TEST_CASE_METHOD(RealHostFixture, "a killed child shows its signal") {
  CHECK(run({"sh", "-c", "kill -KILL $$"}).exit_code == 128 + SIGKILL);
}

TEST_CASE_METHOD(RealHostFixture,
                 "a grandchild that keeps the output open does not hold up the result") {
  CHECK(run({"sh", "-c", "sleep 3600 & echo done"}).output == "done\n");
}

TEST_CASE_METHOD(RealHostFixture, "a child that nobody waits for is killed") {
  const TemporaryFolder folder;
  const Argv argv{"sh", "-c", "echo $$ > " + folder.path("pid") + "; exec sleep 3600"};
  auto limited = with_timeout(host().processes.run(argv, ""), 300ms);
  CHECK_FALSE(host().loop.run(std::move(limited)));
  pid_t pid = 0;
  std::ifstream(folder.path("pid")) >> pid;
  REQUIRE(pid > 1);
  CHECK(::kill(pid, 0) != 0);
}

TEST_CASE_METHOD(RealHostFixture,
                 "children inherit none of our descriptors and no blocked signal") {
  const TemporaryFolder folder;
  RealFiles files;
  const auto lock = files.try_lock(folder.path("lock"));
  const auto journal = files.open_append(folder.path("journal"), 0600);
  host().signals.arm();
  const ProcessResult result =
      run({"sh", "-c", "grep SigBlk /proc/self/status; ls -l /proc/self/fd"});
  CHECK(result.output.starts_with("SigBlk:\t0000000000000000\n"));
  CHECK(result.output.find("anon_inode") == std::string::npos);
  CHECK(result.output.find(folder.path()) == std::string::npos);
}

TEST_CASE_METHOD(RealHostFixture, "children run at the same time") {
  std::vector<Task<ProcessResult>> tasks;
  const Argv argv{"sh", "-c", "echo $$"};
  for (int i = 0; i < 20; ++i) tasks.push_back(host().processes.run(argv, ""));
  std::set<std::string> pids;
  for (const ProcessResult& result : host().loop.run(all_settled(std::move(tasks)))) {
    pids.insert(result.output);
  }
  CHECK(pids.size() == 20);
}

TEST_CASE_METHOD(RealHostFixture, "signals are events once they are armed") {
  host().signals.arm();
  ::raise(SIGINT);
  CHECK(host().loop.run(host().signals.next()) == SIGINT);
  ::kill(::getpid(), SIGTERM);
  CHECK(host().loop.run(host().signals.next()) == SIGTERM);
}

TEST_CASE("the third signal ends a process whose loop is stuck, with its last words") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const FileDescriptor reader(ends[0]);
  FileDescriptor writer(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(writer.get(), STDERR_FILENO);
    RealHost host;
    RealSignals::leave_at_third(130, "gone");
    host.host().signals.arm();
    for (;;) ::kill(::getpid(), SIGINT);  // and no look at the loop
  }
  writer.reset();
  std::array<char, 16> words{};
  CHECK(::read(reader.get(), words.data(), words.size()) == 4);
  CHECK(std::string(words.data()) == "gone");
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 130);
}

TEST_CASE("signals have their old action before arm() and after the host is gone") {
  sigset_t blocked;
  struct sigaction before {};
  sigaction(SIGTERM, nullptr, &before);
  {
    RealHostFixture fixture;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    CHECK(sigismember(&blocked, SIGINT) == 0);
    fixture.host().signals.arm();
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    CHECK(sigismember(&blocked, SIGINT) == 1);
  }
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  CHECK(sigismember(&blocked, SIGINT) == 0);
  struct sigaction action {};
  sigaction(SIGTERM, nullptr, &action);
  CHECK(action.sa_handler == before.sa_handler);
}

TEST_CASE_METHOD(RealHostFixture, "lines are read as they come, the last one without its end too") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const FileDescriptor reader(ends[0]);
  FileDescriptor writer(ends[1]);
  DescriptorWaits waits;
  CurlPoller poller(waits);
  host().loop.set_poller(&poller);
  RealInput input(waits, reader.get());
  REQUIRE(::write(writer.get(), "yes\nn", 5) == 5);
  CHECK(host().loop.run(input.line()) == "yes");
  CHECK_FALSE(host().loop.run(with_timeout(input.line(), 20ms)));
  REQUIRE(::write(writer.get(), "o", 1) == 1);
  writer.reset();
  CHECK(host().loop.run(input.line()) == "no");
  CHECK(host().loop.run(input.line()) == std::nullopt);
}

TEST_CASE("the environment is the process's own") {
  const RealEnvironment environment;
  CHECK(environment.process_id() == ::getpid());
  CHECK(environment.working_directory() == fs::current_path().string());
  CHECK_FALSE(environment.user().empty());
  CHECK_FALSE(environment.host_name().empty());
  CHECK_FALSE(environment.home_directory().empty());
  CHECK(environment.terminal_columns() >= 1);
  ::setenv("PVEPLAN_TEST_VARIABLE", "value", 1);
  CHECK(environment.variable("PVEPLAN_TEST_VARIABLE") == "value");
  ::unsetenv("PVEPLAN_TEST_VARIABLE");
  CHECK_FALSE(environment.variable("PVEPLAN_TEST_VARIABLE"));
}

TEST_CASE("real random numbers do not repeat") {
  RealRandom random;
  std::set<std::uint64_t> numbers;
  for (int i = 0; i < 1000; ++i) numbers.insert(random.next());
  CHECK(numbers.size() == 1000);
}

TEST_CASE_METHOD(RealHostFixture, "waiting for nothing at all is reported, not slept through") {
  Loop& loop = host().loop;
  CancelSource source;
  CHECK_THROWS_AS(loop.run(source.token().wait()), std::logic_error);
}

}  // namespace pveplan::async
