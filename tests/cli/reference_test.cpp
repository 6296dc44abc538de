#include "engine/cli/reference.hpp"

#include "engine/cli/command_table.hpp"
#include "engine/cli/options.hpp"
#include "engine/cli/program.hpp"
#include "engine/view/reference_page.hpp"
#include "engine/view/text.hpp"
#include "schema/json.hpp"
#include "schema/json_schema.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/golden.hpp"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

using namespace pveplan;

namespace {

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// What bash offers for a command line whose last word is being typed.
std::vector<std::string> bash_offers(const std::vector<std::string>& typed) {
  const sim::TemporaryFolder folder;
  std::ofstream(folder.file("pveplan.bash")) << *cli::completion_script("bash");
  std::string line =
      "source ./pveplan.bash; pveplan() { echo 'record.a record.b[1]'; }; COMP_WORDS=(";
  for (const auto& word : typed) line += "'" + word + "' ";
  line +=
      "); COMP_CWORD=" + std::to_string(typed.size() - 1) + "; _pveplan; echo \"${COMPREPLY[@]}\"";
  sim::ChildProcess child({"/bin/bash", "--norc", "-c", line}, folder.path());
  auto words = words_of(child.read_all());
  CHECK(child.exit_code() == 0);
  return words;
}

}  // namespace

TEST_CASE("the manual page is the one that the command table makes") {
  tests::check_golden(std::string(PVEPLAN_SOURCE_DIR) + "/docs/man/pveplan.1", cli::man_page());
}

TEST_CASE("the reference pages are the ones that the schemas make, and there are no others") {
  const std::string folder = std::string(PVEPLAN_SOURCE_DIR) + "/docs/reference/";
  const cli::KnownTypes known;
  std::set<std::string> pages = {"README.md", "topology.md"};
  tests::check_golden(folder + "README.md", view::types_page(known.schemas()));
  tests::check_golden(folder + "topology.md", view::topology_page());
  for (const auto& [type, schema] : known.schemas().all()) {
    if (!schema->later.empty()) continue;
    tests::check_golden(folder + type + ".md", view::reference_page(*schema));
    pages.insert(type + ".md");
  }
  for (const auto& file : std::filesystem::directory_iterator(folder))
    CHECK(pages.contains(file.path().filename().string()));
}

TEST_CASE("the published JSON Schema is the one that the schemas make") {
  const cli::KnownTypes known;
  tests::check_golden(std::string(PVEPLAN_SOURCE_DIR) + "/docs/schemas/topology.schema.json",
                      schema::to_pretty_json(schema::json_schema(known.schemas())));
}

TEST_CASE("reference pages fit a screen, but for words that are longer") {
  const cli::KnownTypes known;
  for (const auto& [type, schema] : known.schemas().all()) {
    std::istringstream lines(view::reference_page(*schema));
    for (std::string line; std::getline(lines, line);) {
      INFO(line);
      CHECK((view::columns(line) <= 80 || line.find(' ', 4) == std::string::npos));
    }
  }
}

TEST_CASE(
    "the manual page has every command and option, and no line that roff would take for its own") {
  const auto page = cli::man_page();
  for (const auto& command : cli::commands()) {
    if (command.hidden) continue;
    INFO(command.name);
    CHECK(page.find(".SS \"pveplan " + command.name) != std::string::npos);
  }
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('.')) CHECK_FALSE(line.starts_with('\''));
  }
}

TEST_CASE("bash completes commands, second words, options, values and addresses") {
  using Words = std::vector<std::string>;
  CHECK(bash_offers({"pveplan", "pl"}) == Words{"plan"});
  CHECK(bash_offers({"pveplan", "state", ""}) ==
        Words{"list", "show", "rm", "mv", "pull", "push", "rebuild", "accept", "unlock"});
  CHECK(bash_offers({"pveplan", "-C", "state", "state", "sh"}) == Words{"show"});
  CHECK(bash_offers({"pveplan", "plan", "--det"}) == Words{"--detailed-exitcode"});
  CHECK(bash_offers({"pveplan", "plan", "--auto"}) == Words{});
  CHECK(bash_offers({"pveplan", "plan", "--format", "m"}) == Words{"markdown"});
  CHECK(bash_offers({"pveplan", "show", "record.b"}) == Words{"record.b[1]"});
  CHECK(bash_offers({"pveplan", "completion", "z"}) == Words{"zsh"});
}

TEST_CASE("every shell's script knows every command and option") {
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    const auto script = cli::completion_script(shell);
    REQUIRE(script);
    for (const auto& command : cli::commands()) {
      if (command.hidden) continue;
      INFO(shell << " " << command.name);
      CHECK(script->find(command.name.substr(command.name.find(' ') + 1)) != std::string::npos);
    }
    for (const auto& option : cli::special_option_specs()) {
      INFO(shell << " --" << option.name);
      CHECK(script->find(option.name) != std::string::npos);
    }
  }
  CHECK_FALSE(cli::completion_script("tcsh"));
}

TEST_CASE("help fits a terminal of 80 columns") {
  std::vector<std::string> names = {""};
  for (const auto& command : cli::commands()) names.push_back(command.name);
  for (const auto& name : names) {
    std::istringstream lines(cli::help_text(name));
    for (std::string line; std::getline(lines, line);) {
      INFO(name << ": " << line);
      CHECK(line.size() <= 80);
    }
  }
}
