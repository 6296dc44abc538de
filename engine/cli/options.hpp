#pragma once

#include "engine/max_effect.hpp"

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pveplan::cli {

struct CommandSpec;

/// What a person typed, checked for form only.
class Options {
 public:
  Options() {}
  std::string command;                 ///< "plan", "state list"
  std::vector<std::string> arguments;  ///< positional ones after the command
  bool help = false;
  std::string directory;              ///< -C
  std::string file = "pveplan.toml";  ///< -f
  std::vector<std::pair<std::string, std::string>> variables;
  std::vector<std::string> variable_files;
  bool no_colour = false;
  std::vector<std::string> allow_data_loss;
  std::vector<std::string> restart;
  std::vector<std::string> targets;
  std::vector<std::string> excludes;
  std::vector<std::string> replaces;
  std::vector<std::string> rotates;
  std::string explain;  ///< plan --explain
  std::optional<engine::EffectLimit> max_effect;
  bool auto_approve = false;
  bool locked = false;
  bool plan_lock = false;                    ///< plan --lock
  std::chrono::milliseconds lock_timeout{};  ///< how long another run's lock is waited for
  bool detailed_exit_code = false;
  std::size_t parallelism = 10;
  std::size_t most_failures = SIZE_MAX;  ///< --max-failures; 1 with --fail-fast
  std::string trace_file;
  bool json = false;            ///< events instead of text
  std::string json_into;        ///< file that gets the events beside the text
  std::string plan_file;        ///< -o of plan
  std::string format = "text";  ///< one of CommandSpec::formats
  std::size_t max_bytes = 60000;
  bool all_attributes = false;  ///< the text of a plan with what stays as it is
  bool show_sensitive = false;  ///< output --show-sensitive
  bool raw = false;             ///< output --raw
  bool origin = false;          ///< show --origin
  bool accept_cluster = false;  ///< state accept --cluster
  bool force = false;           ///< state push --force
  bool plan_destroy = false;    ///< plan --destroy
  bool refresh = true;          ///< plan --refresh=false
  bool refresh_only = false;    ///< plan --refresh-only
  // pveplan lab
  std::string world;
  int nodes = 3;
  std::string version = "9.2";
  int port = 8006;
  double speed = 1.0;
  bool verbose = false;
};

/// Exit codes (EXIT STATUS of docs/man/pveplan.1).
enum ExitCode : int {
  kSuccess = 0,
  kError = 1,
  kChanges = 2,
  kPartial = 3,
  kUsage = 64,
  kInterrupted = 130,
};

/// Parses a command line without the program's name. The error is text for people, with a
/// suggestion where a word is misspelled.
std::expected<Options, std::string> parse_options(const std::vector<std::string>& arguments);

/// One option as the man page and the completions tell it.
struct OptionSpec {
  std::string name;  ///< long, without dashes
  char letter = 0;   ///< of the short form; 0 where there is none
  bool takes_value = false;
  std::string description;
};
/// Options of every command, and those that commands name in CommandSpec::options.
const std::vector<OptionSpec>& common_option_specs();
const std::vector<OptionSpec>& special_option_specs();
/// Those that one command takes besides the common ones, as that command takes them.
std::vector<OptionSpec> own_option_specs(const CommandSpec& command);

/// The text of `--help`: of one command, or of the program when `command` is empty.
std::string help_text(const std::string& command);

}  // namespace pveplan::cli
