// The shell of the recipes in docs/ci, run as a forge's runner would, with a lab as the cluster and
// files as the forge.

#include "tests/lab/child_lab.hpp"
#include "tests/lab/shared_folder.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <sstream>

using namespace pveplan;
using lab::testing::ChildLab;
using lab::testing::Ended;
using lab::testing::read_text;
using lab::testing::write_text;

namespace {

const std::string kSource = PVEPLAN_SOURCE_DIR;

std::size_t indent_of(const std::string& line) { return line.find_first_not_of(' '); }

/// The shell texts of one job: what stands behind `run:`, or below `script:` and its like.
std::vector<std::string> steps_of(const std::string& recipe, const std::string& job) {
  std::vector<std::string> steps;
  std::istringstream lines(recipe);
  std::size_t job_indent = std::string::npos, block = std::string::npos;
  for (std::string line; std::getline(lines, line);) {
    const auto indent = indent_of(line);
    const bool empty = indent == std::string::npos;
    if (block != std::string::npos && (empty || indent > block)) {
      steps.back() += (empty ? "" : line.substr(block)) + "\n";
      continue;
    }
    block = std::string::npos;
    if (empty) continue;
    if (line.substr(indent) == job + ":") {
      job_indent = indent;
    } else if (indent <= job_indent && job_indent != std::string::npos && line[indent] != '#') {
      job_indent = std::string::npos;
    }
    if (job_indent == std::string::npos) continue;
    const auto text = line.substr(indent);
    if (text == "run: |" || text == "- |") {
      block = indent;
      steps.emplace_back();
    } else if (text.starts_with("run: ")) {
      steps.push_back(text.substr(5));
    }
  }
  return steps;
}

struct Recipe {
  std::string file;
  sim::Variables variables;
};

std::vector<Recipe> recipes() {
  return {{"github.yml",
           {{"GITHUB_REPOSITORY", "me/lab"},
            {"GITHUB_SHA", "merged"},
            {"GH_TOKEN", "forge-token-github"},
            {"PULL", "5"},
            {"HEAD", "head"}}},
          {"gitea.yml",
           {{"API", "https://forge.test/api/v1/repos/me/lab"},
            {"PLANS", "https://forge.test/api/packages/me/generic/pveplan-plans"},
            {"GITHUB_SHA", "merged"},
            {"GITEA_TOKEN", "forge-token-gitea"},
            {"PULL", "5"},
            {"HEAD", "head"}}},
          {"gitlab-ci.yml",
           {{"CI_API_V4_URL", "https://forge.test/api/v4"},
            {"CI_PROJECT_ID", "3"},
            {"CI_MERGE_REQUEST_IID", "5"},
            {"PLANS", "https://forge.test/api/v4/projects/3/packages/generic/pveplan-plans"},
            {"PVEPLAN_GITLAB_TOKEN", "forge-token-gitlab"},
            {"CI_JOB_TOKEN", "forge-token-job"}}}};
}

const std::string kHead =
    "[pveplan]\nname = \"homelab\"\n[proxmox]\n"
    "endpoint = \"${env.PVEPLAN_LAB_ENDPOINT}\"\n"
    "tls.fingerprint = \"${env.PVEPLAN_LAB_FINGERPRINT}\"\ntoken = { env = \"PVEPLAN_TOKEN\" }\n";

/// A repository's checkout, the forge that it comes from, and the cluster.
class Forge {
 public:
  explicit Forge(Recipe recipe) : recipe_(std::move(recipe)) {
    std::filesystem::create_directories(file("bin"));
    for (const char* tool : {"gh", "curl", "keep"})
      std::filesystem::copy(kSource + "/tests/faults/forge/" + tool, file("bin"));
    std::filesystem::copy(kSource + "/tests/faults/forge/keep", forge_.path());
    std::filesystem::create_symlink(PVEPLAN_BINARY, file("bin/pveplan"));
    write_text(forge_.file("comments.json"),
               "[{\"id\": 1, \"body\": \"a person's words about <!-- pveplan homelab -->\"}]");
    write_text(forge_.file("calls"), "");
    lab.serve();
  }

  void push(const std::string& topology) { write_text(file("pveplan.toml"), kHead + topology); }

  /// As a runner does: one shell a step, and the first step that fails ends the job.
  Ended run(const std::string& job, const std::string& commit = "head") {
    auto variables = lab.variables();
    variables.insert(variables.end(), recipe_.variables.begin(), recipe_.variables.end());
    variables.emplace_back("CI", "true");
    variables.emplace_back("CI_COMMIT_SHA", commit);
    variables.emplace_back("NAME", "homelab");
    variables.emplace_back("FOLDER", ".");
    variables.emplace_back("FORGE", forge_.path());
    variables.emplace_back("GITHUB_STEP_SUMMARY", forge_.file("summary"));
    variables.emplace_back("PATH", file("bin") + ":" + std::getenv("PATH"));
    const auto text = read_text(kSource + "/docs/ci/" + recipe_.file);
    auto steps = steps_of(text, job);
    const auto before = steps_of(text, ".pveplan");
    REQUIRE_FALSE(steps.empty());
    if (!before.empty()) steps = {before[0] + steps[0]};
    Ended ended;
    for (const auto& step : steps) {
      sim::ChildProcess child({"/bin/bash", "-e", "-o", "pipefail", "-c", step}, lab.folder.path(),
                              variables);
      ended.text += child.read_all();
      ended.exit_code = child.exit_code();
      if (ended.exit_code != 0) break;
    }
    const bool uploads = recipe_.file == "github.yml" && job == "plan" && ended.exit_code == 0;
    if (uploads) {
      std::filesystem::create_directories(forge_.file("artifacts/plan-head"));
      std::filesystem::copy(file("plan.json"), forge_.file("artifacts/plan-head"),
                            std::filesystem::copy_options::overwrite_existing);
    }
    return ended;
  }

  std::vector<std::string> comments() const {
    std::vector<std::string> texts;
    const auto list = schema::parse_json(read_text(forge_.file("comments.json")));
    REQUIRE(list.has_value());
    for (const auto& comment : list->as_list()) texts.push_back(comment.find("body")->as_string());
    return texts;
  }
  std::string calls() const { return read_text(forge_.file("calls")); }

  ChildLab lab{std::vector<std::string>{"--nodes", "1"}};

 private:
  std::string file(const std::string& name) const { return lab.folder.file(name); }

  Recipe recipe_;
  sim::TemporaryFolder forge_;
};

void must(const Ended& ended) {
  INFO(ended.text);
  REQUIRE(ended.exit_code == 0);
}

bool contains(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("the recipes for forges plan into one comment, apply exactly that plan, and see drift") {
  const auto recipe = recipes()[GENERATE(0, 1, 2)];
  INFO(recipe.file);
  Forge forge(recipe);
  forge.push("[pool.team]\ncomment = \"ours\"\n");
  must(forge.run("plan"));
  REQUIRE(forge.comments().size() == 2);
  CHECK(forge.comments()[1].starts_with("<!-- pveplan homelab -->"));
  CHECK(contains(forge.comments()[1], "1 to add"));

  forge.push("[pool.team]\ncoment = \"ours\"\n");
  CHECK(forge.run("plan").exit_code != 0);
  REQUIRE(forge.comments().size() == 2);
  CHECK(contains(forge.comments()[1], "no plan"));
  CHECK(contains(forge.comments()[1], "Did you mean \"comment\"?"));

  forge.push("[pool.team]\ncomment = \"ours\"\n[record.r]\ninput = 1\n");
  must(forge.run("plan"));
  REQUIRE(forge.comments().size() == 2);
  CHECK(contains(forge.comments()[1], "2 to add"));
  CHECK(forge.comments()[1].size() <= 60'000);

  must(forge.run("apply", "merged"));
  must(forge.lab.run({"plan", "--detailed-exitcode"}));
  const auto again = forge.run("apply", "merged");
  CHECK(again.exit_code != 0);
  INFO(again.text);
  CHECK(contains(again.text, "Plan is stale"));

  must(forge.run("drift"));
  forge.lab.stop();
  forge.lab.change_world(
      [](lab::World& world) { world.access.pools.at("team").comment = "by hand"; });
  forge.lab.serve();
  CHECK(forge.run("drift").exit_code == 2);
  CHECK_FALSE(contains(forge.calls(), "forge-token"));
}
