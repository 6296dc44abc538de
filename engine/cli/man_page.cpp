#include "engine/cli/command_table.hpp"
#include "engine/cli/options.hpp"
#include "engine/cli/program.hpp"
#include "engine/cli/reference.hpp"

#include <fmt/format.h>

namespace pveplan::cli {
namespace {

/// Text that roff prints as it is: no line may begin with a control character.
std::string roff(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if ((c == '.' || c == '\'') && (result.empty() || result.back() == '\n')) result += "\\&";
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  return result;
}

std::string option_text(const OptionSpec& option) {
  std::string text = ".TP\n\\fB\\-\\-" + roff(option.name) + "\\fR";
  if (option.letter != 0) text += fmt::format(", \\fB\\-{}\\fR", option.letter);
  if (option.takes_value) text += " \\fIVALUE\\fR";
  return text + "\n" + roff(option.description) + "\n";
}

std::string command_text(const CommandSpec& command) {
  auto text = fmt::format(".SS \"pveplan {}{}{}\"\n", roff(command.name),
                          command.arguments.empty() ? "" : " ", roff(command.arguments));
  text += roff(command.description.empty() ? command.summary + "." : command.description) + "\n";
  for (const auto& option : own_option_specs(command)) text += option_text(option);
  text += ".PP\n.RS 4\n.nf\n";
  for (const auto& example : command.examples) text += roff(example) + "\n";
  return text + ".fi\n.RE\n";
}

constexpr const char* kHead = R"(.SH NAME
pveplan \- make a Proxmox VE cluster as a TOML topology says
.SH SYNOPSIS
\fBpveplan\fR [\fIOPTIONS\fR] \fICOMMAND\fR [\fIARGUMENTS\fR]
.SH DESCRIPTION
pveplan reads a topology, compares it with what is live and what it made before, prints what it would
do and what that would do to guests and data, and does it in dependency order. Everything that it is
about to do is in its journal first: it may be killed at any point and goes on in the next run.
.SH COMMANDS
)";

constexpr const char* kTail = R"(.SH EXIT STATUS
.TP
\fB0\fR
success; of plan: with or without changes
.TP
\fB1\fR
an error
.TP
\fB2\fR
there are changes (plan \-\-detailed\-exitcode)
.TP
\fB3\fR
partly done, or partly unknown
.TP
\fB64\fR
the command line is wrong
.TP
\fB130\fR
interrupted before everything was done
.SH ENVIRONMENT
.TP
\fBNO_COLOR\fR
not empty: no colours. Nor are there any where the output is no terminal.
.TP
\fBPVEPLAN_VAR_\fINAME\fR
the value of a variable of the topology; \-\-var and \-\-vars win over it
.SH FILES
.TP
\fIpveplan.toml\fR
the topology
.TP
\fI.pveplan/\fR
state, journal, lock and backups beside it
.TP
\fI~/.config/pveplan/secret.key\fR
the key with which secrets are remembered without being stored
)";

}  // namespace

std::string man_page() {
  std::string text =
      fmt::format(".TH PVEPLAN 1 \"\" \"pveplan {}\" \"User Commands\"\n", roff(program_version()));
  text += kHead;
  for (const auto& command : commands()) {
    if (!command.hidden) text += command_text(command);
  }
  text += ".SH COMMON OPTIONS\n";
  for (const auto& option : common_option_specs()) text += option_text(option);
  return text + kTail;
}

}  // namespace pveplan::cli
