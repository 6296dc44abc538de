#include "providers/async/real_processes.hpp"

#include "providers/async/all_settled.hpp"
#include "providers/async/cancel.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace pveplan::async {
namespace {

/// A pipe whose ends do not survive exec; the parent's end does not block.
class Pipe {
 public:
  enum class Parent { reads, writes };
  explicit Pipe(Parent parent) {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
    const bool reads = parent == Parent::reads;
    ours.reset(ends[reads ? 0 : 1]);
    theirs.reset(ends[reads ? 1 : 0]);
    ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  }
  FileDescriptor ours;
  FileDescriptor theirs;
};

/// What a child starts with: our three pipes, default signals and none blocked.
class SpawnSettings {
 public:
  explicit SpawnSettings(bool own_group) {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    sigset_t defaults;
    sigemptyset(&defaults);
    for (int signal : {SIGINT, SIGTERM, SIGPIPE}) sigaddset(&defaults, signal);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setpgroup(&attributes, 0);
    const int group = own_group ? POSIX_SPAWN_SETPGROUP : 0;
    posix_spawnattr_setflags(
        &attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group));
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  void stream(const Pipe& pipe, int fd) {
    posix_spawn_file_actions_adddup2(&actions, pipe.theirs.get(), fd);
  }

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

class Child {
 public:
  Child() : input(Pipe::Parent::writes), output(Pipe::Parent::reads), error(Pipe::Parent::reads) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    reap();
  }

  /// 0 or an errno value.
  int spawn(const std::vector<std::string>& argv, bool own_group) {
    if (argv.empty()) return EINVAL;
    if (!input.ours || !output.ours || !error.ours) return EMFILE;
    SpawnSettings settings(own_group);
    settings.stream(input, STDIN_FILENO);
    settings.stream(output, STDOUT_FILENO);
    settings.stream(error, STDERR_FILENO);
    std::vector<char*> pointers;
    for (const std::string& argument : argv)
      pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    pid_t pid = 0;
    const int code = ::posix_spawnp(&pid, pointers[0], &settings.actions, &settings.attributes,
                                    pointers.data(), environ);
    if (code != 0) return code;
    pid_ = pid;
    // glibc 2.36 declares pidfd_open without C linkage.
    exit_event.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    if (!exit_event) return errno;
    for (Pipe* pipe : {&input, &output, &error}) pipe->theirs.reset();
    return 0;
  }

  void kill() { ::kill(pid_, SIGKILL); }

  /// Of a child that has ended: its exit code, 128 + signal when it was killed.
  int reap() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

  Pipe input;
  Pipe output;
  Pipe error;
  FileDescriptor exit_event;

 private:
  pid_t pid_ = -1;
};

/// Writes all of the text and closes; ends early when the child does not read it.
Task<void> feed(DescriptorWaits& waits, FileDescriptor& fd, const std::string& text,
                CancelToken ended) {
  std::size_t done = 0;
  while (done < text.size() && !ended.cancelled()) {
    const ssize_t size = ::write(fd.get(), text.data() + done, text.size() - done);
    if (size > 0) done += static_cast<std::size_t>(size);
    if (size >= 0 || errno == EINTR) continue;
    if (errno != EAGAIN) break;
    co_await or_cancelled(waits.writable(fd.get()), ended);
  }
  fd.reset();
}

/// Reads to the end of the stream, or to what is there when the child has ended: a grandchild may
/// hold the stream open for ever.
Task<void> drain(DescriptorWaits& waits, FileDescriptor& fd, std::string& text, Child& child,
                 CancelToken ended) {
  std::array<char, 16 * 1024> bytes;
  for (;;) {
    const ssize_t size = ::read(fd.get(), bytes.data(), bytes.size());
    if (size > 0) text.append(bytes.data(), static_cast<std::size_t>(size));
    if (text.size() > RealProcesses::kMostOutput) {
      child.kill();
      co_return;
    }
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) co_return;
    if (size > 0 || errno == EINTR) continue;
    if (ended.cancelled()) co_return;
    co_await or_cancelled(waits.readable(fd.get()), ended);
  }
}

Task<void> announce_end(DescriptorWaits& waits, const Child& child, CancelSource& ended) {
  co_await waits.readable(child.exit_event.get());
  ended.cancel();
}

}  // namespace

Task<ProcessResult> RealProcesses::run(std::vector<std::string> argv, std::string input) {
  ProcessResult result;
  Child child;
  const int code = child.spawn(argv, signals_.armed());
  if (code != 0) {
    result.error_output =
        fmt::format("cannot start '{}': {}", argv.empty() ? "" : argv.front(), std::strerror(code));
    co_return result;
  }
  CancelSource ended;
  std::vector<Task<void>> streams;
  streams.push_back(feed(waits_, child.input.ours, input, ended.token()));
  streams.push_back(drain(waits_, child.output.ours, result.output, child, ended.token()));
  streams.push_back(drain(waits_, child.error.ours, result.error_output, child, ended.token()));
  streams.push_back(announce_end(waits_, child, ended));
  co_await all_settled(std::move(streams));
  result.exit_code = child.reap();
  const bool too_much = std::max(result.output.size(), result.error_output.size()) > kMostOutput;
  if (too_much) {
    result.exit_code = -1;
    result.error_output =
        fmt::format("'{}' wrote more than {} MiB", argv.front(), kMostOutput >> 20);
  }
  co_return result;
}

}  // namespace pveplan::async
