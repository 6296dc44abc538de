#pragma once

#include "providers/async/http.hpp"
#include "providers/async/task.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The interfaces to everything outside the process. `main` builds the real ones, tests/support the
/// simulated ones; no other code reads a clock, a file, a variable or a random number.
namespace pveplan::async {

class Loop;

/// Sends one HTTP request. Writes always travel on a connection of their own, since HTTP libraries
/// silently repeat a request when a reused connection dies before the first answer byte.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual Task<HttpReply> exchange(HttpRequest request) = 0;
};

/// The first line that a server says by itself, without its end; or why there is none.
using Greeting = std::expected<std::string, std::string>;

/// Connects to a server, hears what it says at most, and leaves.
class Dialer {
 public:
  virtual ~Dialer() = default;
  /// Of a server that speaks first, as SSH servers do. `address` is an IP address in numbers.
  virtual Task<Greeting> greeting(std::string address, int port,
                                  std::chrono::milliseconds patience) = 0;
  /// Whether something accepts connections there; or why not.
  virtual Task<std::expected<void, std::string>> connect(std::string address, int port,
                                                         std::chrono::milliseconds patience) = 0;
};

/// Time. `steady` never jumps and starts anywhere; `wall` is UTC.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::chrono::nanoseconds steady() const = 0;
  virtual std::chrono::system_clock::time_point wall() const = 0;
};

struct FileError {
  int code = 0;  ///< an errno value
  std::string path;
  std::string text() const;  ///< "cannot write 'PATH': No space left on device"
  std::string operation;     ///< "read", "write", "rename" …
};
template <typename T>
using FileResult = std::expected<T, FileError>;

/// A file opened for appending. Nothing is durable before sync() has answered.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  virtual FileResult<void> append(std::string_view bytes) = 0;
  virtual FileResult<void> sync() = 0;  ///< fdatasync
  /// Reserves room so that later appends up to that many bytes do not meet a full disk.
  virtual FileResult<void> preallocate(std::uint64_t bytes) = 0;
};

/// An exclusive flock; released by the destructor or the end of the process.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

/// Synchronous file access: all files are small and local.
class Files {
 public:
  virtual ~Files() = default;
  virtual FileResult<std::string> read(const std::string& path) = 0;  ///< ENOENT when absent
  virtual bool exists(const std::string& path) = 0;
  /// Creates or truncates with the given mode, writes, and does not sync.
  virtual FileResult<void> write(const std::string& path, std::string_view bytes,
                                 unsigned mode) = 0;
  virtual FileResult<void> sync_file(const std::string& path) = 0;       ///< fsync
  virtual FileResult<void> sync_directory(const std::string& path) = 0;  ///< fsync of a folder
  virtual FileResult<void> rename(const std::string& from, const std::string& to) = 0;
  virtual FileResult<void> remove(const std::string& path) = 0;
  virtual FileResult<void> make_directories(const std::string& path, unsigned mode) = 0;
  /// Names in a folder, sorted, without "." and "..".
  virtual FileResult<std::vector<std::string>> list(const std::string& path) = 0;
  virtual FileResult<std::unique_ptr<AppendFile>> open_append(const std::string& path,
                                                              unsigned mode) = 0;
  /// nullptr when another process holds the lock.
  virtual FileResult<std::unique_ptr<FileLock>> try_lock(const std::string& path) = 0;
  /// Size in bytes of a regular file.
  virtual FileResult<std::uint64_t> size(const std::string& path) = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
  /// `bytes` random bytes as lower-case hexadecimal.
  std::string hex(std::size_t bytes);
};

/// What the process was started with.
class Environment {
 public:
  virtual ~Environment() = default;
  virtual std::optional<std::string> variable(const std::string& name) const = 0;
  /// Names of the variables that begin so, sorted.
  virtual std::vector<std::string> names_beginning_with(std::string_view prefix) const = 0;
  virtual std::string user() const = 0;
  virtual std::string host_name() const = 0;
  virtual int process_id() const = 0;
  virtual std::string working_directory() const = 0;
  virtual std::string home_directory() const = 0;
  virtual bool output_is_terminal() const = 0;
  virtual bool input_is_terminal() const = 0;
  virtual int terminal_columns() const = 0;  ///< 80 where unknown
};

struct ProcessResult {
  int exit_code = -1;  ///< 128 + signal when killed, -1 when it could not be started
  std::string output;
  std::string error_output;
};

/// Children: secret commands, ssh. Arguments are passed as they are, never through a shell;
/// children get an empty signal mask.
class Processes {
 public:
  virtual ~Processes() = default;
  virtual Task<ProcessResult> run(std::vector<std::string> argv, std::string input) = 0;
};

/// SIGINT and SIGTERM as events. Before arm() they keep their default action.
class Signals {
 public:
  virtual ~Signals() = default;
  virtual void arm() = 0;
  /// The number of the next signal.
  virtual Task<int> next() = 0;
};

/// Lines that a person types.
class Input {
 public:
  virtual ~Input() = default;
  /// nullopt at the end of the input.
  virtual Task<std::optional<std::string>> line() = 0;
};

/// Everything outside of the process, owned by whoever built it.
class Host {
 public:
  Host(Loop& the_loop, Transport& the_transport, Clock& the_clock, Files& the_files,
       Random& the_random, Environment& the_environment, Processes& the_processes,
       Signals& the_signals, Input& the_input, Dialer& the_dialer)
      : loop(the_loop),
        transport(the_transport),
        clock(the_clock),
        files(the_files),
        random(the_random),
        environment(the_environment),
        processes(the_processes),
        signals(the_signals),
        input(the_input),
        dialer(the_dialer) {}

  Loop& loop;
  Transport& transport;
  Clock& clock;
  Files& files;
  Random& random;
  Environment& environment;
  Processes& processes;
  Signals& signals;
  Input& input;
  Dialer& dialer;
};

}  // namespace pveplan::async
