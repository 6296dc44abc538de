#include "engine/cli/command_table.hpp"
#include "engine/cli/options.hpp"
#include "engine/cli/reference.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <vector>

namespace pveplan::cli {
namespace {

/// What an option's value or an argument is chosen from.
enum class Choices { none, files, folders, addresses, releases };

Choices choices_of_option(const std::string& name) {
  static const std::map<std::string, Choices, std::less<>> kChoices = {
      {"directory", Choices::folders}, {"file", Choices::files},
      {"vars", Choices::files},        {"out", Choices::files},
      {"trace", Choices::files},       {"world", Choices::folders},
      {"restart", Choices::addresses}, {"target", Choices::addresses},
      {"exclude", Choices::addresses}, {"replace", Choices::addresses},
      {"rotate", Choices::addresses},  {"explain", Choices::addresses},
      {"pve", Choices::releases}};
  const auto at = kChoices.find(name);
  return at == kChoices.end() ? Choices::none : at->second;
}

Choices choices_of_argument(const CommandSpec& command) {
  if (command.arguments.find("ADDRESS") != std::string::npos) return Choices::addresses;
  return command.most_arguments > 0 ? Choices::files : Choices::none;
}

/// Options of a command, its own ones first.
std::vector<OptionSpec> options_of(const CommandSpec& command) {
  auto result = own_option_specs(command);
  const auto& common = common_option_specs();
  result.insert(result.end(), common.begin(), common.end());
  return result;
}

/// First words, and second words by first word: "state" leads to "list" and "show".
std::map<std::string, std::vector<const CommandSpec*>> by_first_word() {
  std::map<std::string, std::vector<const CommandSpec*>> result;
  for (const auto& command : commands()) {
    if (!command.hidden) result[command.name.substr(0, command.name.find(' '))].push_back(&command);
  }
  return result;
}

bool has_second_word(const CommandSpec& command) {
  return command.name.find(' ') != std::string::npos;
}
std::string second_word(const CommandSpec& command) {
  return command.name.substr(command.name.find(' ') + 1);
}

constexpr const char* kAddresses = "$(pveplan state list 2>/dev/null)";

std::string bash_words(Choices choices) {
  switch (choices) {
    case Choices::files:
      return "COMPREPLY=($(compgen -f -- \"$current\"))";
    case Choices::folders:
      return "COMPREPLY=($(compgen -d -- \"$current\"))";
    case Choices::addresses:
      return fmt::format("COMPREPLY=($(compgen -f -W \"{}\" -- \"$current\"))", kAddresses);
    case Choices::releases:
      return "COMPREPLY=($(compgen -W \"8.4 9.2\" -- \"$current\"))";
    case Choices::none:
      break;
  }
  return "COMPREPLY=()";
}

/// Each command has its own formats.
std::string bash_formats() {
  std::string text = "case \"$command\" in ";
  for (const auto& command : commands()) {
    if (command.formats.empty()) continue;
    text += fmt::format("\"{}\") COMPREPLY=($(compgen -W \"{}\" -- \"$current\")) ;; ",
                        command.name, fmt::join(command.formats, " "));
  }
  return text + "esac";
}

std::string bash_option_values() {
  std::string text = "  case \"$previous\" in\n";
  std::set<std::string> told;
  for (const auto* specs : {&common_option_specs(), &special_option_specs()}) {
    for (const auto& option : *specs) {
      if (!option.takes_value || !told.insert(option.name).second) continue;
      text += fmt::format(
          "    --{}{}) {}; return ;;\n", option.name,
          option.letter != 0 ? fmt::format("|-{}", option.letter) : "",
          option.name == "format" ? bash_formats() : bash_words(choices_of_option(option.name)));
    }
  }
  return text + "  esac\n";
}

std::string bash_commands() {
  std::string text = "  case \"$command\" in\n";
  std::string first_words;
  for (const auto& [word, group] : by_first_word()) {
    first_words += (first_words.empty() ? "" : " ") + word;
    std::string second_words;
    for (const auto* command : group) {
      std::string options;
      for (const auto& option : options_of(*command)) options += "--" + option.name + " ";
      auto words = bash_words(choices_of_argument(*command));
      if (command->name == "completion")
        words = "COMPREPLY=($(compgen -W \"bash zsh fish\" -- \"$current\"))";
      text += fmt::format(
          "    \"{}\")\n      if [[ $current == -* ]]; then\n"
          "        COMPREPLY=($(compgen -W \"{}\" -- \"$current\"))\n"
          "      else\n        {}\n      fi ;;\n",
          command->name, options, words);
      if (has_second_word(*command)) second_words += second_word(*command) + " ";
    }
    if (!second_words.empty())
      text += fmt::format("    \"{}\") COMPREPLY=($(compgen -W \"{}\" -- \"$current\")) ;;\n", word,
                          second_words);
  }
  std::string options;
  for (const auto& option : common_option_specs()) options += "--" + option.name + " ";
  return text +
         fmt::format("    *) COMPREPLY=($(compgen -W \"{} {}\" -- \"$current\")) ;;\n  esac\n",
                     first_words, options);
}

/// Words with a second one, as a pattern: "state|lab".
std::string pattern_of_groups(const char* between) {
  std::string text;
  for (const auto& [word, group] : by_first_word()) {
    if (has_second_word(*group.front())) text += (text.empty() ? "" : between) + word;
  }
  return text;
}

/// Short and long forms of the options that take a value.
std::string pattern_of_values() {
  std::set<std::string> forms;
  for (const auto* specs : {&common_option_specs(), &special_option_specs()}) {
    for (const auto& option : *specs) {
      if (!option.takes_value) continue;
      forms.insert("--" + option.name);
      if (option.letter != 0) forms.insert(fmt::format("-{}", option.letter));
    }
  }
  return fmt::format("{}", fmt::join(forms, "|"));
}

std::string bash_script() {
  return fmt::format(
      R"(# bash completion of pveplan; made by `pveplan completion bash`.
_pveplan() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}"
  local command="" word skip=0 i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${{COMP_WORDS[i]}}"
    if ((skip)); then skip=0; continue; fi
    case "$word" in
      {}) skip=1 ;;
      -*) ;;
      *)
        if [[ -z $command ]]; then
          command="$word"
        elif [[ $command =~ ^({})$ ]]; then
          command="$command $word"
        fi ;;
    esac
  done
{}{}}}
complete -o filenames -F _pveplan pveplan
)",
      pattern_of_values(), pattern_of_groups("|"), bash_option_values(), bash_commands());
}

/// For single quotes of zsh and fish, and for the brackets and colons of zsh.
std::string quoted_for_zsh(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
      continue;
    }
    if (c == '[' || c == ']' || c == ':') result += '\\';
    result += c;
  }
  return result;
}

std::string zsh_action(Choices choices) {
  switch (choices) {
    case Choices::files:
      return ":file:_files";
    case Choices::folders:
      return ":folder:_files -/";
    case Choices::addresses:
      return ":address:_pveplan_addresses";
    case Choices::releases:
      return ":version:(8.4 9.2)";
    case Choices::none:
      break;
  }
  return ":value:";
}

std::string zsh_value(const CommandSpec& command, const OptionSpec& option) {
  if (!option.takes_value) return {};
  if (option.name == "format") return fmt::format(":format:({})", fmt::join(command.formats, " "));
  return zsh_action(choices_of_option(option.name));
}

std::string zsh_options(const CommandSpec& command) {
  std::string text;
  for (const auto& option : options_of(command)) {
    const auto action = zsh_value(command, option);
    text += fmt::format(" \\\n        '*--{}[{}]{}'", option.name,
                        quoted_for_zsh(option.description), action);
    if (option.letter != 0)
      text += fmt::format(" \\\n        '*-{}[{}]{}'", option.letter,
                          quoted_for_zsh(option.description), action);
  }
  return text;
}

std::string zsh_command(const CommandSpec& command) {
  const auto argument = command.name == "completion" ? std::string(":shell:(bash zsh fish)")
                        : command.most_arguments > 0 ? zsh_action(choices_of_argument(command))
                                                     : std::string();
  auto text =
      fmt::format("      '{}')\n        _arguments -S{}", command.name, zsh_options(command));
  if (!argument.empty()) text += fmt::format(" \\\n        '*{}'", argument);
  return text + " ;;\n";
}

std::string zsh_list(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string text = "(";
  for (const auto& [word, summary] : items)
    text += fmt::format("'{}:{}' ", word, quoted_for_zsh(summary));
  return text + ")";
}

std::string zsh_script() {
  std::vector<std::pair<std::string, std::string>> first;
  std::string groups, cases;
  for (const auto& [word, group] : by_first_word()) {
    const bool has_two = has_second_word(*group.front());
    first.emplace_back(word, has_two ? "commands of the " + word : group.front()->summary);
    std::vector<std::pair<std::string, std::string>> second;
    for (const auto* command : group) {
      cases += zsh_command(*command);
      if (has_two) second.emplace_back(second_word(*command), command->summary);
    }
    if (has_two)
      groups += fmt::format(
          "      '{0}')\n        local -a words; words={1}\n"
          "        _describe '{0} command' words ;;\n",
          word, zsh_list(second));
  }
  return fmt::format(
      R"ZSH(#compdef pveplan
# zsh completion of pveplan; made by `pveplan completion zsh`.
_pveplan_addresses() {{
  local -a found; found=(${{(f)"$(pveplan state list 2>/dev/null)"}})
  _alternative 'addresses:address:($found)' 'files:file:_files'
}}
_pveplan() {{
  local command="" word skip=0
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    if ((skip)); then skip=0; continue; fi
    case "$word" in
      {}) skip=1 ;;
      -*) ;;
      *)
        if [[ -z $command ]]; then
          command="$word"
        elif [[ $command == ({}) ]]; then
          command="$command $word"
        fi ;;
    esac
  done
  case "$command" in
      '')
        local -a words; words={}
        _describe 'command' words ;;
{}{}  esac
}}
if [[ $funcstack[1] == _pveplan ]]; then _pveplan "$@"; else compdef _pveplan pveplan; fi
)ZSH",
      pattern_of_values(), pattern_of_groups("|"), zsh_list(first), groups, cases);
}

std::string quoted_for_fish(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string fish_values(Choices choices) {
  switch (choices) {
    case Choices::files:
    case Choices::folders:
      return " -r -F";
    case Choices::addresses:
      return " -r -f -a '(pveplan state list 2>/dev/null)'";
    case Choices::releases:
      return " -r -f -a '8.4 9.2'";
    case Choices::none:
      break;
  }
  return " -r -f";
}

std::string fish_option(const std::string& condition, const OptionSpec& option,
                        const std::vector<std::string>& formats = {}) {
  auto text = fmt::format("complete -c pveplan{} -l {}", condition, option.name);
  if (option.letter != 0) text += fmt::format(" -s {}", option.letter);
  text += fmt::format(" -d '{}'", quoted_for_fish(option.description));
  if (option.name == "format") {
    text += fmt::format(" -r -f -a '{}'", fmt::join(formats, " "));
  } else if (option.takes_value) {
    text += fish_values(choices_of_option(option.name));
  }
  return text + "\n";
}

std::string fish_script() {
  std::string text =
      "# fish completion of pveplan; made by `pveplan completion fish`.\n"
      "complete -c pveplan -f\n";
  for (const auto& option : common_option_specs()) text += fish_option("", option);
  for (const auto& [word, group] : by_first_word()) {
    const bool has_two = has_second_word(*group.front());
    text +=
        fmt::format("complete -c pveplan -n __fish_use_subcommand -a {} -d '{}'\n", word,
                    quoted_for_fish(has_two ? "commands of the " + word : group.front()->summary));
    std::string seconds;
    for (const auto* command : group) seconds += has_two ? " " + second_word(*command) : "";
    for (const auto* command : group) {
      auto condition = fmt::format(" -n '__fish_seen_subcommand_from {}'", word);
      if (has_two) {
        text += fmt::format(
            "complete -c pveplan -n '__fish_seen_subcommand_from {}; and not "
            "__fish_seen_subcommand_from{}' -a {} -d '{}'\n",
            word, seconds, second_word(*command), quoted_for_fish(command->summary));
        condition =
            fmt::format(" -n '__fish_seen_subcommand_from {}; and __fish_seen_subcommand_from {}'",
                        word, second_word(*command));
      }
      for (const auto& option : own_option_specs(*command))
        text += fish_option(condition, option, command->formats);
      if (command->name == "completion") {
        text += fmt::format("complete -c pveplan{} -a 'bash zsh fish'\n", condition);
      } else if (choices_of_argument(*command) == Choices::addresses) {
        text +=
            fmt::format("complete -c pveplan{} -a '(pveplan state list 2>/dev/null)'\n", condition);
      } else if (choices_of_argument(*command) == Choices::files) {
        text += fmt::format("complete -c pveplan{} -F\n", condition);
      }
    }
  }
  return text;
}

}  // namespace

std::optional<std::string> completion_script(std::string_view shell) {
  if (shell == "bash") return bash_script();
  if (shell == "zsh") return zsh_script();
  if (shell == "fish") return fish_script();
  return std::nullopt;
}

}  // namespace pveplan::cli
