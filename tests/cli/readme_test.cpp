#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace {

const std::string kReadme = std::string(PVEPLAN_SOURCE_DIR) + "/README.md";

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Where the first fenced block of a language stands: begin and end of its content.
std::pair<std::size_t, std::size_t> block(const std::string& text, const std::string& language) {
  const auto fence = "```" + language + "\n";
  const auto begin = text.find(fence) + fence.size();
  return {begin, text.find("```\n", begin)};
}

}  // namespace

TEST_CASE("the README shows what plan really prints for its topology") {
  auto readme = read_file(kReadme);
  const auto [toml_begin, toml_end] = block(readme, "toml");
  const auto [text_begin, text_end] = block(readme, "text");
  pveplan::sim::Rig rig(1);
  rig.write_topology(readme.substr(toml_begin, toml_end - toml_begin));
  const auto plan = rig.run({"plan"});
  INFO(plan.err);
  REQUIRE(plan.exit_code == 0);
  if (std::getenv("PVEPLAN_UPDATE_GOLDEN") != nullptr) {
    readme.replace(text_begin, text_end - text_begin, plan.out);
    std::ofstream(kReadme) << readme;
  }
  CHECK(readme.substr(text_begin, text_end - text_begin) == plan.out);
  CHECK(std::getenv("PVEPLAN_UPDATE_GOLDEN") == nullptr);
}

TEST_CASE("apply without a terminal asks for a flag instead of waiting for ever") {
  pveplan::sim::Rig rig(1);
  rig.write_topology("[pveplan]\nname = \"t\"\n[record.b]\ninput = 1\n");
  const auto apply = rig.run({"apply"});
  CHECK(apply.exit_code == 1);
  CHECK(apply.err.find("--auto-approve") != std::string::npos);
}

TEST_CASE("only the whole word yes approves, and only the topology's name destroys") {
  pveplan::sim::Rig rig(1);
  rig.write_topology("[pveplan]\nname = \"t\"\n[record.b]\ninput = 1\n");
  const auto typing = [](const std::string& line) {
    pveplan::sim::Conditions conditions;
    conditions.prepare = [line](pveplan::sim::SimHost& host) {
      host.environment.terminal_input = true;
      host.input.type(line);
    };
    return conditions;
  };
  CHECK(rig.run({"apply"}, typing("y")).exit_code == 1);
  CHECK(rig.run({"state", "list"}).out.empty());
  CHECK(rig.run({"apply"}, typing("yes")).exit_code == 0);
  CHECK(rig.run({"destroy"}, typing("yes")).exit_code == 1);
  CHECK(rig.run({"state", "list"}).out == "record.b\n");
  CHECK(rig.run({"destroy"}, typing("t")).exit_code == 0);
  CHECK(rig.run({"state", "list"}).out.empty());
}
