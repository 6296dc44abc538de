#include "engine/cli/options.hpp"

#include "engine/cli/command_table.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan::cli;

TEST_CASE("wrong command lines are refused with what was meant") {
  struct Case {
    std::vector<std::string> words;
    std::string expected;
  };
  const Case each = GENERATE(values<Case>({
      {{}, "No command is given. Run `pveplan --help` to see all of them."},
      {{"plann"}, "There is no command \"plann\". Did you mean \"plan\"?"},
      {{"state", "lst"},
       "There is no command \"state lst\". Did you mean \"state list\", \"state mv\" or \"state "
       "push\"?"},
      {{"plan", "--detailed-exitcod"},
       "There is no option --detailed-exitcod. Did you mean \"--detailed-exitcode\"?"},
      {{"plan", "x"}, "`pveplan plan` does not take \"x\"."},
      {{"state", "show"}, "`pveplan state show` needs ADDRESS."},
      {{"plan", "--auto-approve"}, "`pveplan plan` does not take --auto-approve."},
      {{"plan", "--var", "x"}, "--var takes NAME=VALUE, not \"x\"."},
      {{"plan", "--allow", "everything"}, "--allow takes data-loss=ADDRESS, not \"everything\"."},
      {{"apply", "--parallelism", "0"}, "--parallelism must be at least 1."},
      {{"graph", "--format", "text"},
       "--format of `pveplan graph` takes dot, mermaid or json, not \"text\"."},
      {{"plan", "--format", "mermaid"},
       "--format of `pveplan plan` takes text, json or markdown, not \"mermaid\"."},
      {{"plan", "--target", "vm.a", "--exclude", "vm.b"},
       "--target and --exclude cannot be combined: one says what a plan is about, the other what "
       "it "
       "is not."},
      {{"plan", "--destroy", "--replace", "vm.a"},
       "--replace makes anew what --destroy would only remove: choose one."},
      {{"plan", "--refresh=false", "-o", "plan.json"},
       "A plan that is saved must have seen what is live: -o cannot be combined with "
       "--refresh=false."},
      {{"plan", "--refresh=false", "--refresh-only"},
       "--refresh-only reads what --refresh=false would not: choose one."},
      {{"apply", "--refresh=false"}, "`pveplan apply` does not take --refresh."},
      {{"apply", "--json"},
       "`pveplan apply --json` asks nobody: it needs --auto-approve or the file of a saved plan."},
      {{"destroy", "--json"}, "`pveplan destroy --json` asks nobody: it needs --auto-approve."},
      {{"plan", "--json", "--format", "json"},
       "--json prints events and --format prints the plan: one output cannot have both. Use "
       "--json-into FILE for the events."},
  }));
  const auto options = parse_options(each.words);
  REQUIRE_FALSE(options);
  CHECK(options.error() == each.expected);
}

TEST_CASE("the format that nobody names is the command's first one") {
  CHECK(parse_options({"graph"})->format == "dot");
  CHECK(parse_options({"plan"})->format == "text");
  CHECK(parse_options({"apply", "plan.json", "--json"})->json);
}

TEST_CASE("options may stand before and after the command") {
  const auto options = parse_options({"-C", "lab", "state", "show", "vm.db.1", "--var", "a=b=c"});
  REQUIRE(options);
  CHECK(options->command == "state show");
  CHECK(options->directory == "lab");
  CHECK(options->arguments == std::vector<std::string>{"vm.db.1"});
  CHECK(options->variables.front().second == "b=c");
}

TEST_CASE("every command has help with an example") {
  for (const auto& command : commands()) {
    INFO(command.name);
    const auto text = help_text(command.name);
    CHECK(text.find("Usage: pveplan " + command.name) != std::string::npos);
    REQUIRE_FALSE(command.examples.empty());
    CHECK(text.find(command.examples.front()) != std::string::npos);
    CHECK_FALSE(command.summary.empty());
  }
}

TEST_CASE("the words of --max-effect are checked") {
  const auto good = parse_options({"plan", "--max-effect", "restart,copy"});
  REQUIRE(good.has_value());
  CHECK(good->max_effect->availability == pveplan::model::Availability::restart);
  CHECK(good->max_effect->copies);
  CHECK_FALSE(good->max_effect->loses);
  const auto wrong = parse_options({"plan", "--max-effect", "restrat"});
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().find("Did you mean \"restart\"?") != std::string::npos);
  CHECK_FALSE(parse_options({"plan", "--max-effect", ""}).has_value());
}

TEST_CASE(
    "what a run writes is never the topology, a lock file or the state, and counts are positive") {
  const auto refused = [](std::vector<std::string> words, const std::string& part) {
    const auto options = pveplan::cli::parse_options(words);
    INFO(words[2]);
    REQUIRE_FALSE(options);
    CHECK(options.error().find(part) != std::string::npos);
  };
  refused({"plan", "-o", "pveplan.toml"}, "would overwrite a topology");
  refused({"plan", "-o", "../x/pveplan.lock.toml"}, "would overwrite a topology");
  refused({"plan", "-o", ".pveplan/t/state.json"}, "where pveplan keeps its state");
  refused({"plan", "--json-into", "/a/.pveplan/t/journal"}, "where pveplan keeps its state");
  refused({"plan", "--trace", "./.pveplan/t/journal"}, "where pveplan keeps its state");
  refused({"apply", "--parallelism", "-1"}, "--parallelism must be at least 1");
  refused({"apply", "--max-failures", "-3"}, "--max-failures must be at least 1");
  CHECK(pveplan::cli::parse_options({"plan", "-o", "plan.json", "--json-into", "toml"}));
}
