#include "providers/async/real_system.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
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
std::atomic<int> signals_taken{0};
const char* last_words = nullptr;
int last_exit_code = 0;

/// Part of a signal's handler. Standard error may be the very pipe that nobody reads.
[[noreturn]] void leave_at_once() {
  pollfd error{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&error, 1, 0) == 1 && (error.revents & POLLOUT) != 0) {
    [[maybe_unused]] const auto size = ::write(STDERR_FILENO, last_words, std::strlen(last_words));
  }
  ::_exit(last_exit_code);
}

/// Runs in the listener, or in a thread of the resolver that was started before arm(): passes the
/// signal on to the loop's thread, where it is blocked and so reaches the signalfd.
void take(int signal) {
  const int saved = errno;
  if (++signals_taken >= 3 && last_words != nullptr) leave_at_once();
  pthread_kill(thread_of_the_loop, signal);
  errno = saved;
}

void* listen_for_signals(void*) {
  for (;;) ::pause();
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
  pthread_cancel(listener_);
  pthread_join(listener_, nullptr);
  sigaction(SIGINT, &previous_interrupt_, nullptr);
  sigaction(SIGTERM, &previous_terminate_, nullptr);
  pthread_sigmask(SIG_SETMASK, &previous_mask_, nullptr);
}

void RealSignals::leave_at_third(int exit_code, const char* words) {
  last_exit_code = exit_code;
  last_words = words;
}

void RealSignals::arm() {
  if (fd_) return;
  const sigset_t handled = handled_signals();
  thread_of_the_loop = pthread_self();
  signals_taken = 0;
  pthread_sigmask(SIG_BLOCK, &handled, &previous_mask_);
  struct sigaction action {};
  action.sa_handler = take;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &previous_interrupt_);
  sigaction(SIGTERM, &action, &previous_terminate_);
  fd_.reset(signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) throw std::system_error(errno, std::generic_category(), "signalfd");
  start_listener();
}

/// The thread inherits a mask that lets these two through and nothing else.
void RealSignals::start_listener() {
  sigset_t others, before;
  sigfillset(&others);
  for (const int signal : {SIGINT, SIGTERM}) sigdelset(&others, signal);
  pthread_sigmask(SIG_SETMASK, &others, &before);
  const int problem = pthread_create(&listener_, nullptr, &listen_for_signals, nullptr);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (problem != 0) throw std::system_error(problem, std::generic_category(), "pthread_create");
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
