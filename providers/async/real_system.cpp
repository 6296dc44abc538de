#include "providers/async/real_system.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <pwd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace pveplan::async {
namespace {

/// One field of the user's entry in the password database.
std::string of_user_entry(char* passwd::*field) {
  std::vector<char> buffer(16 * 1024);
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return "";
  }
  return found->*field;
}

pthread_t thread_of_the_loop;

/// Threads of the resolver that were started before arm() still take signals: they pass them on to
/// the loop's thread, where they are blocked and so reach the signalfd.
void pass_on(int signal) {
  const int saved = errno;
  pthread_kill(thread_of_the_loop, signal);
  errno = saved;
}

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

std::chrono::nanoseconds RealClock::steady() const {
  return std::chrono::steady_clock::now().time_since_epoch();
}

std::chrono::system_clock::time_point RealClock::wall() const {
  return std::chrono::system_clock::now();
}

std::uint64_t RealRandom::next() {
  std::uint64_t value = 0;
  ssize_t size = -1;
  // Requests of up to 256 bytes are answered whole once the generator is seeded (getrandom(2)).
  do {
    size = getrandom(&value, sizeof value, 0);
  } while (size < 0 && errno == EINTR);
  if (size != sizeof value) throw std::system_error(errno, std::generic_category(), "getrandom");
  return value;
}

std::optional<std::string> RealEnvironment::variable(const std::string& name) const {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

std::vector<std::string> RealEnvironment::names_beginning_with(std::string_view prefix) const {
  std::vector<std::string> names;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (text.starts_with(prefix)) names.emplace_back(text.substr(0, text.find('=')));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string RealEnvironment::user() const {
  std::string name = of_user_entry(&passwd::pw_name);
  return name.empty() ? variable("USER").value_or("unknown") : name;
}

std::string RealEnvironment::host_name() const {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

int RealEnvironment::process_id() const { return getpid(); }

std::string RealEnvironment::working_directory() const {
  std::array<char, PATH_MAX> path{};
  return getcwd(path.data(), path.size()) == nullptr ? "." : path.data();
}

std::string RealEnvironment::home_directory() const {
  const auto home = variable("HOME");
  return home && !home->empty() ? *home : of_user_entry(&passwd::pw_dir);
}

bool RealEnvironment::output_is_terminal() const { return isatty(STDOUT_FILENO) == 1; }

bool RealEnvironment::input_is_terminal() const { return isatty(STDIN_FILENO) == 1; }

int RealEnvironment::terminal_columns() const {
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

RealSignals::~RealSignals() {
  if (!fd_) return;
  sigaction(SIGINT, &previous_interrupt_, nullptr);
  sigaction(SIGTERM, &previous_terminate_, nullptr);
  pthread_sigmask(SIG_SETMASK, &previous_mask_, nullptr);
}

void RealSignals::arm() {
  if (fd_) return;
  const sigset_t handled = handled_signals();
  thread_of_the_loop = pthread_self();
  pthread_sigmask(SIG_BLOCK, &handled, &previous_mask_);
  struct sigaction action {};
  action.sa_handler = pass_on;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &previous_interrupt_);
  sigaction(SIGTERM, &action, &previous_terminate_);
  fd_.reset(signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) throw std::system_error(errno, std::generic_category(), "signalfd");
}

Task<int> RealSignals::next() {
  for (;;) {
    co_await waits_.readable(fd_.get());
    signalfd_siginfo info{};
    const ssize_t size = ::read(fd_.get(), &info, sizeof info);
    if (size == sizeof info) co_return static_cast<int>(info.ssi_signo);
  }
}

Task<std::optional<std::string>> RealInput::line() {
  for (;;) {
    const auto end = buffer_.find('\n');
    if (end != std::string::npos) {
      std::string text = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      co_return text;
    }
    if (ended_) {
      if (buffer_.empty()) co_return std::nullopt;
      co_return std::exchange(buffer_, "");
    }
    co_await waits_.readable(fd_);
    std::array<char, 4096> bytes;
    const ssize_t size = ::read(fd_, bytes.data(), bytes.size());
    if (size > 0) buffer_.append(bytes.data(), static_cast<std::size_t>(size));
    const bool retry = size < 0 && (errno == EINTR || errno == EAGAIN);
    ended_ = size <= 0 && !retry;
  }
}

}  // namespace pveplan::async
