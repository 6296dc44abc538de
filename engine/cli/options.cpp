#include "engine/cli/options.hpp"

#include "engine/cli/command_table.hpp"
#include "engine/view/plan_markdown.hpp"
#include "engine/view/text.hpp"
#include "schema/suggest.hpp"
#include "schema/units.hpp"

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace pveplan::cli {

namespace po = boost::program_options;

namespace {

po::options_description common_options() {
  po::options_description all("Common options");
  auto add = all.add_options();
  add("help,h", "show this text");
  add("directory,C", po::value<std::string>(), "work in this folder");
  add("file,f", po::value<std::string>(),
      "name of the topology's root file (default pveplan.toml)");
  add("var", po::value<std::vector<std::string>>(), "NAME=VALUE of a variable");
  add("vars", po::value<std::vector<std::string>>(), "file with values of variables");
  add("no-color", "no colours, as with NO_COLOR");
  return all;
}

po::options_description special_options() {
  po::options_description all("Options");
  auto add = all.add_options();
  add("allow", po::value<std::vector<std::string>>(),
      "data-loss=ADDRESS: this data may be destroyed");
  add("restart", po::value<std::vector<std::string>>(), "ADDRESS: this guest may be restarted");
  add("target", po::value<std::vector<std::string>>(),
      "ADDRESS: plan only this and what has to be done for it");
  add("exclude", po::value<std::vector<std::string>>(),
      "ADDRESS: plan everything but this and what cannot be done without it");
  add("rotate", po::value<std::vector<std::string>>(),
      "ADDRESS: send its secrets again, also the same ones");
  add("replace", po::value<std::vector<std::string>>(), "ADDRESS: destroy it and make it anew");
  add("explain", po::value<std::string>(),
      "ADDRESS: instead of the plan, say why it does what it does to this");
  add("max-effect", po::value<std::string>(),
      "worst effect that is accepted, such as live or restart,copy; new objects are exempt");
  add("locked", "an image that is not pinned is an error, as with CI=true");
  add("auto-approve", "do not ask; never allows data loss");
  add("lock", "take the state's lock, so that nobody applies meanwhile");
  add("lock-timeout", po::value<std::string>(),
      "how long another run's lock is waited for, such as 5m (default 0s)");
  add("cluster", "the cluster has a new certificate authority");
  add("force", "replace the state although it is newer, or another one");
  add("detailed-exitcode", "exit 2 when there are changes");
  add("out,o", po::value<std::string>(), "save the plan in this file, for `pveplan apply FILE`");
  add("format", po::value<std::string>(), "form of the output");
  add("all-attributes", "show attributes that stay as they are, too, and every change's steps");
  add("raw", "print the bare text, without a line break");
  add("show-sensitive", "do not hide sensitive outputs");
  add("origin", "tell where each value was written");
  add("max-bytes", po::value<std::size_t>(), "longest markdown in bytes (default 60000)");
  add("destroy", "plan the removal of everything");
  add("refresh", po::value<bool>(), "false: believe the state instead of reading every object");
  add("refresh-only", "plan to take what is live into the state, and nothing else");
  add("parallelism", po::value<std::size_t>(), "steps at once (default 10)");
  add("fail-fast", "start nothing new after the first failure");
  add("max-failures", po::value<std::size_t>(), "start nothing new after so many failures");
  add("trace", po::value<std::string>(), "write every exchange to this file, secrets masked");
  add("json", "print one JSON object a line for each event, and nothing else; asks nothing");
  add("json-into", po::value<std::string>(), "write these events to a file, beside the text");
  add("world", po::value<std::string>(), "folder of the simulated cluster (default .pveplan-lab)");
  add("nodes", po::value<int>(), "number of nodes (default 3)");
  add("pve", po::value<std::string>(), "version that the lab speaks: 8.4 or 9.2");
  add("port", po::value<int>(), "port of the simulated nodes (default 8006)");
  add("speed", po::value<double>(), "how much faster lab time runs");
  add("verbose,v", "show each difference");
  return all;
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const auto& each : commands()) {
    if (!each.hidden) names.push_back(each.name);
  }
  return names;
}

/// "lab" and "state" are no commands but what several begin with.
bool is_group(const std::string& word) {
  const auto& all = commands();
  return std::any_of(all.begin(), all.end(), [&word](const CommandSpec& each) {
    return each.name.starts_with(word + " ");
  });
}

/// Takes the command, one word or two, out of the positional words.
std::expected<const CommandSpec*, std::string> take_command(std::vector<std::string>& words) {
  if (words.empty())
    return std::unexpected("No command is given. Run `pveplan --help` to see all of them.");
  if (words.size() > 1) {
    if (const auto* found = find_command(words[0] + " " + words[1])) {
      words.erase(words.begin(), words.begin() + 2);
      return found;
    }
  }
  if (const auto* found = find_command(words[0])) {
    words.erase(words.begin());
    return found;
  }
  const auto typed = words.size() > 1 && (words[0] == "state" || words[0] == "lab")
                         ? words[0] + " " + words[1]
                         : words[0];
  return std::unexpected(fmt::format("There is no command \"{}\".{}", typed,
                                     schema::did_you_mean(typed, command_names())));
}

template <typename T>
void take(const po::variables_map& values, const char* name, T& target) {
  if (values.count(name) != 0) target = values[name].as<T>();
}

std::expected<void, std::string> take_pairs(const po::variables_map& values, Options& options) {
  if (values.count("var") != 0) {
    for (const auto& each : values["var"].as<std::vector<std::string>>()) {
      const auto equals = each.find('=');
      if (equals == std::string::npos || equals == 0) {
        return std::unexpected(fmt::format("--var takes NAME=VALUE, not \"{}\".", each));
      }
      options.variables.emplace_back(each.substr(0, equals), each.substr(equals + 1));
    }
  }
  if (values.count("allow") != 0) {
    for (const auto& each : values["allow"].as<std::vector<std::string>>()) {
      if (!each.starts_with("data-loss=") || each.size() == 10) {
        return std::unexpected(fmt::format("--allow takes data-loss=ADDRESS, not \"{}\".", each));
      }
      options.allow_data_loss.push_back(each.substr(10));
    }
  }
  if (values.count("max-effect") != 0) {
    auto limit = engine::parse_effect_limit(values["max-effect"].as<std::string>());
    if (!limit) return std::unexpected(limit.error());
    options.max_effect = *limit;
  }
  if (values.count("lock-timeout") != 0) {
    const auto& typed = values["lock-timeout"].as<std::string>();
    const auto seconds = schema::parse_duration(typed);
    if (!seconds) {
      return std::unexpected(fmt::format(
          "--lock-timeout takes a time with its unit, such as 30s or 5m, not \"{}\".", typed));
    }
    options.lock_timeout = std::chrono::seconds(*seconds);
  }
  return {};
}

void take_all(const po::variables_map& values, Options& options) {
  options.help = values.count("help") != 0;
  options.no_colour = values.count("no-color") != 0;
  options.auto_approve = values.count("auto-approve") != 0;
  options.locked = values.count("locked") != 0;
  options.detailed_exit_code = values.count("detailed-exitcode") != 0;
  options.verbose = values.count("verbose") != 0;
  options.plan_lock = values.count("lock") != 0;
  options.force = values.count("force") != 0;
  options.accept_cluster = values.count("cluster") != 0;
  take(values, "directory", options.directory);
  take(values, "file", options.file);
  take(values, "vars", options.variable_files);
  take(values, "restart", options.restart);
  take(values, "target", options.targets);
  take(values, "exclude", options.excludes);
  take(values, "replace", options.replaces);
  take(values, "rotate", options.rotates);
  take(values, "explain", options.explain);
  take(values, "parallelism", options.parallelism);
  take(values, "max-failures", options.most_failures);
  if (values.count("fail-fast") != 0) options.most_failures = 1;
  take(values, "trace", options.trace_file);
  options.json = values.count("json") != 0;
  take(values, "json-into", options.json_into);
  take(values, "out", options.plan_file);
  take(values, "format", options.format);
  take(values, "max-bytes", options.max_bytes);
  options.all_attributes = values.count("all-attributes") != 0;
  options.show_sensitive = values.count("show-sensitive") != 0;
  options.raw = values.count("raw") != 0;
  options.origin = values.count("origin") != 0;
  options.plan_destroy = values.count("destroy") != 0;
  take(values, "refresh", options.refresh);
  options.refresh_only = values.count("refresh-only") != 0;
  take(values, "world", options.world);
  take(values, "nodes", options.nodes);
  take(values, "pve", options.version);
  take(values, "port", options.port);
  take(values, "speed", options.speed);
}

std::expected<void, std::string> check_format(const CommandSpec& command, const Options& options) {
  const auto& formats = command.formats;
  if (formats.empty() || std::find(formats.begin(), formats.end(), options.format) != formats.end())
    return {};
  return std::unexpected(fmt::format("--format of `pveplan {}` takes {}, not \"{}\".{}",
                                     command.name, schema::join_words(formats, "or"),
                                     options.format,
                                     schema::did_you_mean(options.format, formats)));
}

/// A program that reads events answers no question.
std::expected<void, std::string> check_events(const Options& options,
                                              const po::variables_map& values) {
  if (values.count("json-into") != 0 && options.json_into.empty())
    return std::unexpected("--json-into needs the name of a file.");
  if (!options.json) return {};
  if (values.count("format") != 0)
    return std::unexpected(
        "--json prints events and --format prints the plan: one output cannot have both. Use "
        "--json-into FILE for the events.");
  const bool would_ask = options.command == "destroy" || options.command == "refresh" ||
                         (options.command == "apply" && options.arguments.empty());
  if (!would_ask || options.auto_approve) return {};
  return std::unexpected(
      fmt::format("`pveplan {} --json` asks nobody: it needs --auto-approve{}.", options.command,
                  options.command == "apply" ? " or the file of a saved plan" : ""));
}

/// What of the ways to plan goes together.
std::expected<void, std::string> check_modes(const Options& options) {
  if (!options.targets.empty() && !options.excludes.empty())
    return std::unexpected(
        "--target and --exclude cannot be combined: one says what a plan is about, the other what "
        "it is not.");
  if ((options.plan_destroy || options.refresh_only) && !options.rotates.empty())
    return std::unexpected(
        "--rotate sends secrets again: it cannot be combined with --destroy or --refresh-only.");
  if (options.plan_destroy && !options.replaces.empty())
    return std::unexpected("--replace makes anew what --destroy would only remove: choose one.");
  if (options.refresh_only && (options.plan_destroy || !options.replaces.empty()))
    return std::unexpected(
        "--refresh-only changes no server: it cannot be combined with --destroy or --replace.");
  if (!options.explain.empty() &&
      (options.json || options.format != "text" || !options.plan_file.empty()))
    return std::unexpected(
        "--explain prints text instead of the plan: it cannot be combined with -o, --format or "
        "--json.");
  if (options.refresh) return {};
  if (options.refresh_only)
    return std::unexpected("--refresh-only reads what --refresh=false would not: choose one.");
  if (!options.plan_file.empty())
    return std::unexpected(
        "A plan that is saved must have seen what is live: -o cannot be combined with "
        "--refresh=false.");
  return {};
}

std::expected<void, std::string> check_plan_options(const Options& options,
                                                    const po::variables_map& values) {
  if (options.raw && options.arguments.empty())
    return std::unexpected("--raw prints one output: name it.");
  if (options.raw && values.count("format") != 0)
    return std::unexpected("--raw and --format exclude each other.");
  if (options.all_attributes && options.format != "text")
    return std::unexpected(fmt::format(
        "--all-attributes is about the text of a plan; --format {} has {}.", options.format,
        options.format == "json" ? "all attributes in `before` and `after`" : "the changes alone"));
  if (options.origin && options.arguments.empty())
    return std::unexpected("--origin needs an address.");
  if (values.count("out") != 0 && options.plan_file.empty())
    return std::unexpected("-o needs the name of a file.");
  if (options.max_bytes < view::kLeastMarkdown)
    return std::unexpected(fmt::format("--max-bytes must be at least {}.", view::kLeastMarkdown));
  if (auto fits = check_modes(options); !fits) return fits;
  if (options.command != "apply" || options.arguments.empty()) return {};
  // What hurts was approved with the plan (DEFINITIONS 7): nobody adds to it afterwards.
  for (const auto* name : {"allow", "restart", "target", "exclude", "replace", "rotate"}) {
    if (values.count(name) != 0)
      return std::unexpected(
          fmt::format("`pveplan apply FILE` does not take --{0}: what a plan may do is part of the "
                      "plan. Plan again with `pveplan plan --{0} ... -o {1}`.",
                      name, options.arguments[0]));
  }
  return {};
}

/// A negative number is read as a very large one.
std::expected<void, std::string> check_counts(const po::variables_map& values) {
  for (const char* name : {"parallelism", "max-failures", "max-bytes"}) {
    if (values.count(name) == 0) continue;
    const auto count = values[name].as<std::size_t>();
    if (count == 0 || count > static_cast<std::size_t>(PTRDIFF_MAX))
      return std::unexpected(fmt::format("--{} must be at least 1.", name));
  }
  return {};
}

/// What a run writes must be neither what it reads nor what only pveplan itself may write.
std::expected<void, std::string> check_files(const Options& options) {
  const std::pair<const char*, const std::string*> written[] = {{"-o", &options.plan_file},
                                                                {"--json-into", &options.json_into},
                                                                {"--trace", &options.trace_file}};
  for (const auto& [option, path] : written) {
    const auto slashed = "/" + *path;
    if (path->ends_with(".toml"))
      return std::unexpected(fmt::format(
          "{} {} would overwrite a topology or a lock file: these end with .toml. Choose another "
          "name.",
          option, *path));
    if (slashed.find("/.pveplan/") != std::string::npos)
      return std::unexpected(fmt::format(
          "{} {} lies where pveplan keeps its state. Choose a place outside of .pveplan.", option,
          *path));
  }
  return {};
}

std::expected<void, std::string> check_for_command(const CommandSpec& command,
                                                   const Options& options,
                                                   const po::variables_map& values) {
  const auto special = special_options();
  for (const auto& option : special.options()) {
    const auto& name = option->long_name();
    if (values.count(name) != 0 && !command.takes(name)) {
      return std::unexpected(fmt::format("`pveplan {}` does not take --{}.", command.name, name));
    }
  }
  if (options.arguments.size() < command.least_arguments) {
    return std::unexpected(fmt::format("`pveplan {}` needs {}.", command.name, command.arguments));
  }
  if (options.arguments.size() > command.most_arguments) {
    return std::unexpected(fmt::format("`pveplan {}` does not take \"{}\".", command.name,
                                       options.arguments[command.most_arguments]));
  }
  if (auto fits = check_counts(values); !fits) return fits;
  if (auto fits = check_files(options); !fits) return fits;
  if (values.count("fail-fast") != 0 && values.count("max-failures") != 0)
    return std::unexpected("--fail-fast is --max-failures 1: give one of them.");
  if (auto fits = check_format(command, options); !fits) return fits;
  if (auto fits = check_events(options, values); !fits) return fits;
  return check_plan_options(options, values);
}

std::expected<po::variables_map, std::string> read_values(
    const std::vector<std::string>& arguments) {
  po::options_description all;
  const auto common = common_options();
  const auto special = special_options();
  all.add(common).add(special);
  all.add_options()("words", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("words", -1);
  po::variables_map values;
  namespace style = po::command_line_style;
  constexpr int kStyle = style::unix_style ^ style::allow_guessing;
  try {
    po::store(
        po::command_line_parser(arguments).options(all).positional(positional).style(kStyle).run(),
        values);
    po::notify(values);
  } catch (const po::unknown_option& problem) {
    std::vector<std::string> names;
    for (const auto& option : all.options()) names.push_back("--" + option->long_name());
    const auto typed = problem.get_option_name();
    return std::unexpected(
        fmt::format("There is no option {}.{}", typed, schema::did_you_mean(typed, names)));
  } catch (const po::error& problem) {
    return std::unexpected(std::string(problem.what()) + ".");
  }
  return values;
}

}  // namespace

std::expected<Options, std::string> parse_options(const std::vector<std::string>& arguments) {
  const auto values = read_values(arguments);
  if (!values) return std::unexpected(values.error());
  Options options;
  take_all(*values, options);
  if (values->count("words") != 0)
    options.arguments = (*values)["words"].as<std::vector<std::string>>();
  if (options.help && options.arguments.empty()) return options;
  if (options.help && options.arguments.size() == 1 && is_group(options.arguments[0])) {
    options.command = options.arguments[0];
    return options;
  }
  const auto command = take_command(options.arguments);
  if (!command) return std::unexpected(command.error());
  options.command = (*command)->name;
  if (values->count("format") == 0 && !(*command)->formats.empty())
    options.format = (*command)->formats.front();
  if (options.help) return options;
  if (auto pairs = take_pairs(*values, options); !pairs) return std::unexpected(pairs.error());
  if (auto fits = check_for_command(**command, options, *values); !fits)
    return std::unexpected(fits.error());
  return options;
}

namespace {

std::vector<OptionSpec> specs_of(const po::options_description& all) {
  std::vector<OptionSpec> specs;
  for (const auto& option : all.options()) {
    OptionSpec spec;
    spec.name = option->long_name();
    const auto both = option->canonical_display_name(po::command_line_style::allow_dash_for_short);
    if (both.size() == 2) spec.letter = both[1];
    spec.takes_value = option->semantic()->max_tokens() > 0;
    spec.description = option->description();
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace

const std::vector<OptionSpec>& common_option_specs() {
  static const auto specs = specs_of(common_options());
  return specs;
}
const std::vector<OptionSpec>& special_option_specs() {
  static const auto specs = specs_of(special_options());
  return specs;
}

namespace {

/// What --format of this command takes.
std::string formats_text(const CommandSpec& command) {
  return fmt::format("{} (default {})", schema::join_words(command.formats, "or"),
                     command.formats.front());
}

}  // namespace

std::vector<OptionSpec> own_option_specs(const CommandSpec& command) {
  std::vector<OptionSpec> result;
  for (const auto& option : special_option_specs()) {
    if (!command.takes(option.name)) continue;
    result.push_back(option);
    if (option.name == "format") result.back().description = formats_text(command);
  }
  return result;
}

namespace {

std::string options_text(const po::options_description& options) {
  std::ostringstream text;
  text << options;
  return text.str();
}

std::string program_help() {
  std::string text =
      "pveplan makes a Proxmox VE cluster as a TOML topology says.\n\n"
      "Usage: pveplan [OPTIONS] COMMAND\n\nCommands:\n";
  for (const auto& each : commands()) {
    if (!each.hidden) text += fmt::format("  {:<14} {}\n", each.name, each.summary);
  }
  return text + "\n" + options_text(common_options()) +
         "\nExamples:\n  pveplan init\n  pveplan plan\n  pveplan apply\n\n"
         "`pveplan COMMAND --help` tells more about one command.\n"
         "Exit codes: 0 success, 1 error, 2 changes (--detailed-exitcode),\n"
         "3 partly done or partly unknown, 64 usage, 130 interrupted.\n";
}

}  // namespace

namespace {

std::string group_help(const std::string& group) {
  std::string text = fmt::format("Usage: pveplan {} COMMAND [OPTIONS]\n\nCommands:\n", group);
  std::string examples;
  for (const auto& each : commands()) {
    if (!each.name.starts_with(group + " ")) continue;
    text += fmt::format("  {:<14}{}\n", each.name, each.summary);
    if (!each.examples.empty()) examples += "  " + each.examples.front() + "\n";
  }
  return text + "\nExamples:\n" + examples +
         fmt::format("\nMore: pveplan {} COMMAND --help\n", group);
}

}  // namespace

std::string help_text(const std::string& name) {
  const auto* command = find_command(name);
  if (command == nullptr && !name.empty()) return group_help(name);
  if (command == nullptr) return program_help();
  std::string text = fmt::format("Usage: pveplan {} [OPTIONS]{}{}\n\n", command->name,
                                 command->arguments.empty() ? "" : " ", command->arguments);
  text += view::wrapped(
              command->description.empty() ? command->summary + "." : command->description, 0, 0) +
          "\n";
  po::options_description own("Options");
  const auto special = special_options();
  for (const auto& option : special.options()) {
    if (!command->takes(option->long_name())) continue;
    if (option->long_name() == "format") {
      own.add_options()("format", po::value<std::string>(), formats_text(*command).c_str());
    } else {
      own.add(option);
    }
  }
  if (!command->options.empty()) text += "\n" + options_text(own);
  text += "\n" + options_text(common_options()) + "\nExamples:\n";
  for (const auto& example : command->examples) text += "  " + example + "\n";
  return text;
}

}  // namespace pveplan::cli
