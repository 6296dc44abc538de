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
  }));
  const auto options = parse_options(each.words);
  REQUIRE_FALSE(options);
  CHECK(options.error() == each.expected);
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
