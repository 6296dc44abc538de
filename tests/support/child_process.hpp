#pragma once

#include "tests/support/catch.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace pveplan::sim {

/// A folder of its own below the system's temporary one, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "pveplan-test-XXXXXX";
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string file(const std::string& name) const { return path_ / name; }
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

using Variables = std::vector<std::pair<std::string, std::string>>;

/// A real child process with its standard and error output in one pipe, killed at the end.
class ChildProcess {
 public:
  ChildProcess(const std::vector<std::string>& command, const std::string& folder,
               const Variables& variables = {}) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    child_ = ::fork();
    REQUIRE(child_ >= 0);
    if (child_ == 0) become(command, folder, variables, ends[1]);
    ::close(ends[1]);
    output_ = ends[0];
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    ::close(output_);
  }

  /// The next line without its end; what is left when the output ends.
  std::string read_line() {
    std::string line;
    char byte = 0;
    while (::read(output_, &byte, 1) == 1 && byte != '\n') line += byte;
    return line;
  }
  /// Everything until the child has closed its output.
  std::string read_all() {
    std::string text;
    std::array<char, 4096> bytes{};
    for (ssize_t size = 0; (size = ::read(output_, bytes.data(), bytes.size())) > 0;)
      text.append(bytes.data(), static_cast<std::size_t>(size));
    return text;
  }
  void signal(int number) { ::kill(child_, number); }
  /// For a child that has just begun: the pipe takes no more than four pages.
  void narrow_output() const { REQUIRE(::fcntl(output_, F_SETPIPE_SZ, 4 * kPage) > 0); }
  /// Whether the child writes more than the pipe takes while nobody reads, within that time.
  bool fills_its_output(std::chrono::seconds most) const {
    const int size = ::fcntl(output_, F_GETPIPE_SZ);
    const auto end = std::chrono::steady_clock::now() + most;
    for (int held = 0; std::chrono::steady_clock::now() < end;) {
      REQUIRE(::ioctl(output_, FIONREAD, &held) == 0);
      // a page that was read from in part takes nothing more, and a line is written whole
      if (held > size - kPage - 200) return true;
      ends_within(std::chrono::milliseconds(10));
    }
    return false;
  }
  /// Waits for its end, but not for longer.
  bool ends_within(std::chrono::milliseconds most) const {
    const int handle = static_cast<int>(::syscall(SYS_pidfd_open, child_, 0));
    REQUIRE(handle >= 0);
    pollfd end{handle, POLLIN, 0};
    const int ended = ::poll(&end, 1, static_cast<int>(most.count()));
    ::close(handle);
    return ended == 1;
  }
  /// Waits for its end; -1 when a signal killed it.
  int exit_code() {
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  [[noreturn]] static void become(const std::vector<std::string>& command,
                                  const std::string& folder, const Variables& variables,
                                  int output) {
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    take_environment(folder, variables);
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    if (::chdir(folder.c_str()) == 0) ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }

  /// Nothing of the tester's own environment: `CI`, `NO_COLOR` or a proxy change what pveplan does.
  static void take_environment(const std::string& folder, const Variables& variables) {
    Variables kept;
    for (const char* name : {"PATH", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"})
      if (const char* value = std::getenv(name)) kept.emplace_back(name, value);
    kept.emplace_back("HOME", folder);
    kept.emplace_back("LC_ALL", "C.UTF-8");
    kept.insert(kept.end(), variables.begin(), variables.end());
    ::clearenv();
    for (const auto& [name, value] : kept) ::setenv(name.c_str(), value.c_str(), 1);
  }

  static constexpr int kPage = 4096;
  pid_t child_ = -1;
  int output_ = -1;
};

}  // namespace pveplan::sim
