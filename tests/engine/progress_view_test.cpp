#include "engine/view/progress_view.hpp"

#include "engine/view/text.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sim_clock.hpp"

#include <fmt/format.h>

#include <algorithm>

using namespace pveplan;
using view::ProgressView;

namespace {

model::Step step(model::Step::Id id, const std::string& name, std::string summary) {
  model::Step made;
  made.id = id;
  made.address.type = "vm";
  made.address.name = name;
  made.operation = "clone";
  made.summary = std::move(summary);
  return made;
}

/// What a terminal shows after all that was printed: knows lines, "n up" and "clear below".
std::vector<std::string> screen(const std::string& printed) {
  std::vector<std::string> lines(1);
  for (std::size_t at = 0; at < printed.size(); ++at) {
    if (printed[at] == '\n') {
      lines.emplace_back();
    } else if (printed.compare(at, 2, "\x1b[") == 0) {
      std::size_t number = 0;
      for (at += 2; printed[at] >= '0' && printed[at] <= '9'; ++at)
        number = number * 10 + static_cast<std::size_t>(printed[at] - '0');
      if (printed[at] == 'A') lines.resize(lines.size() - number);
      if (printed[at] == 'J') lines.back().clear();
    } else {
      lines.back() += printed[at];
    }
  }
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

struct Shown {
  sim::SimClock clock;
  std::string printed;
  ProgressView view;

  explicit Shown(bool terminal, std::size_t width = 80)
      : view(
            clock, [this](const std::string& text) { printed += text; }, terminal, width) {}
};

}  // namespace

TEST_CASE("on a terminal a running step is one line that is redrawn, and a finished one stays") {
  Shown shown(true);
  const auto clone = step(1, "web", "clone 9000 -> 100, pve1");
  const auto other = step(2, "db", "clone 9000 -> 101, pve1");
  shown.view.step_started(clone);
  shown.view.step_started(other);
  shown.view.step_progress(clone, "34 %");
  shown.clock.pass(std::chrono::seconds(12));
  shown.view.tick();
  CHECK(screen(shown.printed) ==
        std::vector<std::string>{"  vm.web        clone 9000 -> 100, pve1      12 s  34 %",
                                 "  vm.db         clone 9000 -> 101, pve1      12 s  "});
  shown.view.step_done(clone, std::chrono::milliseconds(12300));
  CHECK(screen(shown.printed) ==
        std::vector<std::string>{"  vm.web        clone 9000 -> 100, pve1      done  12 s",
                                 "  vm.db         clone 9000 -> 101, pve1      12 s  "});
  shown.view.clear();
  CHECK(screen(shown.printed).size() == 1);
}

TEST_CASE("on a terminal ten running steps are shown, and how many more there are") {
  Shown shown(true);
  for (model::Step::Id id = 0; id < 13; ++id)
    shown.view.step_started(step(id, fmt::format("web{}", id), "start"));
  const auto lines = screen(shown.printed);
  REQUIRE(lines.size() == 11);
  CHECK(lines[10] == "  and 3 more");
}

TEST_CASE("on a terminal the last line counts what is done, has failed and runs") {
  Shown shown(true);
  shown.view.run_started(12);
  const auto first = step(1, "a", "start"), second = step(2, "b", "start");
  shown.view.step_started(first);
  CHECK(screen(shown.printed).back() == "  0 of 12 done, 1 running");
  shown.view.step_started(second);
  shown.view.step_done(first, std::chrono::seconds(1));
  shown.view.resource_done(first.address);
  shown.view.tick();
  CHECK(screen(shown.printed).back() == "  1 of 12 done, 1 running");
  shown.view.step_started(step(3, "c", "start"));
  shown.view.step_failed(second, schema::error("No", "It failed."), std::chrono::seconds(1));
  CHECK(screen(shown.printed).back() == "  1 of 12 done, 1 failed, 1 running");
  shown.view.step_done(step(3, "c", "start"), std::chrono::seconds(1));
  CHECK(screen(shown.printed).back().find("of 12") == std::string::npos);

  Shown piped(false);
  piped.view.run_started(12);
  piped.view.step_started(first);
  CHECK(piped.printed.find("of 12") == std::string::npos);
}

TEST_CASE("a line that is redrawn never wraps, and it is the label that gives way") {
  Shown shown(true);
  const auto label = "download " + std::string(120, 'x') + ".qcow2";
  const auto long_one = step(1, "debian", label);
  shown.view.step_started(long_one);
  shown.view.step_progress(long_one, "1.5 of 2 GiB");
  shown.clock.pass(std::chrono::seconds(17));
  shown.view.tick();
  auto lines = screen(shown.printed);
  REQUIRE(lines.size() == 1);
  CHECK(view::columns(lines[0]) < 80);
  CHECK(lines[0].ends_with("... 17 s  1.5 of 2 GiB"));

  // What stays on the screen is whole.
  shown.view.step_done(long_one, std::chrono::seconds(19));
  CHECK(screen(shown.printed) == std::vector<std::string>{"  vm.debian     download",
                                                          "      " + label.substr(9),
                                                          "      done  19 s"});

  const auto noted = step(2, "db", "start");
  shown.view.step_started(noted);
  shown.view.step_progress(noted, std::string(200, 'n'));
  CHECK(view::columns(screen(shown.printed).back()) < 80);
}

TEST_CASE("a failure is told at once, above what still runs") {
  Shown shown(true);
  const auto bad = step(1, "web", "clone 9000 -> 100, pve1");
  const auto good = step(2, "db", "start");
  shown.view.step_started(bad);
  shown.view.step_started(good);
  shown.view.step_failed(bad, schema::error("Task failed", "The storage is full."),
                         std::chrono::seconds(13));
  const auto lines = screen(shown.printed);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "  vm.web        clone 9000 -> 100, pve1      failed  13 s");
  CHECK(lines[1] == "      The storage is full.");
  CHECK(lines[2].starts_with("  vm.db"));
}

TEST_CASE("in a pipe there is a line a start and an end, and one every half a minute between") {
  Shown shown(false);
  const auto clone = step(1, "web", "clone 9000 -> 100, pve1");
  shown.view.step_started(clone);
  shown.view.step_progress(clone, "34 %");
  shown.clock.pass(std::chrono::seconds(29));
  shown.view.tick();
  CHECK(std::count(shown.printed.begin(), shown.printed.end(), '\n') == 1);
  shown.clock.pass(std::chrono::seconds(1));
  shown.view.tick();
  shown.view.tick();
  shown.view.step_done(clone, std::chrono::seconds(31));
  CHECK(screen(shown.printed) ==
        std::vector<std::string>{
            "  vm.web        clone 9000 -> 100, pve1      started",
            "  vm.web        clone 9000 -> 100, pve1      still running  30 s  34 %",
            "  vm.web        clone 9000 -> 100, pve1      done  31 s"});
  CHECK(shown.printed.find('\x1b') == std::string::npos);
}

TEST_CASE("nothing that is told in a pipe or stays on a terminal is wider than the screen") {
  const bool terminal = GENERATE(false, true);
  const auto width = static_cast<std::size_t>(GENERATE(60, 80, 100));
  INFO(terminal << " " << width);
  Shown shown(terminal, width);
  auto download = step(1, "debian-12-generic", "");
  download.address.type = "image";
  download.address.key = "pve1";
  download.summary = "download local:import/debian-12-generic-0123456789ab.qcow2";
  download.brief = "download";
  const std::string silence =
      "The server did not answer for 64 s (https://pve1.example.org:8006: No route to host)";
  shown.view.step_started(download);
  shown.view.step_progress(download, silence);
  shown.clock.pass(std::chrono::seconds(64));
  shown.view.tick();
  shown.view.winding_down(std::nullopt);
  shown.view.step_failed(download, schema::error("Task failed", silence), std::chrono::seconds(64));
  shown.view.step_started(download);
  shown.view.step_done(download, std::chrono::seconds(4));
  std::string text;
  for (const auto& line : screen(shown.printed)) {
    INFO(line);
    CHECK(view::columns(line) <= width);
    text += line + "\n";
  }
  CHECK(text.find(download.summary.substr(9)) != std::string::npos);  // a name stays whole
  CHECK(text.find("done  4.0 s") != std::string::npos);
}

TEST_CASE("a line of a pipe that would be too wide has few words, and its note below it") {
  Shown shown(false);
  auto download = step(1, "debian", "download local:import/debian-12-0123456789ab.qcow2 now");
  download.brief = "download";
  shown.view.step_started(download);
  shown.view.step_progress(
      download, "The server did not answer for 64 s (https://pve:8006: Connection refused)");
  shown.clock.pass(std::chrono::seconds(64));
  shown.view.tick();
  shown.view.step_done(download, std::chrono::seconds(65));
  CHECK(screen(shown.printed) ==
        std::vector<std::string>{
            "  vm.debian     download local:import/debian-12-0123456789ab.qcow2 now started",
            "  vm.debian     download                     still running  64 s",
            "      The server did not answer for 64 s (https://pve:8006: Connection refused)",
            "  vm.debian     download                     done  65 s"});
}

TEST_CASE("what is said when a run is interrupted fits 80 columns") {
  Shown shown(false);
  shown.view.step_started(step(1, "web", "start"));
  shown.view.winding_down(std::nullopt);
  shown.view.winding_down(std::chrono::seconds(30));
  shown.view.leaving();
  for (const auto& line : screen(shown.printed)) {
    INFO(line);
    CHECK(view::columns(line) <= 80);
  }
}
