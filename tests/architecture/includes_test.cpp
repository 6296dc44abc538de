#include "tests/support/catch.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

struct Include {
  std::string file;
  std::string target;
  bool quoted = false;
};

std::string trimmed(const std::string& line) {
  const auto begin = line.find_first_not_of(" \t");
  return begin == std::string::npos ? std::string() : line.substr(begin);
}

/// Every #include of the program's own sources; tests may include what they want.
std::vector<Include> all_includes() {
  std::vector<Include> result;
  const fs::path source = PVEPLAN_SOURCE_DIR;
  for (const char* folder : {"schema", "model", "state", "providers", "engine", "lab"}) {
    for (const auto& entry : fs::recursive_directory_iterator(source / folder)) {
      const auto extension = entry.path().extension();
      if (extension != ".hpp" && extension != ".cpp") continue;
      std::ifstream lines(entry.path());
      for (std::string line; std::getline(lines, line);) {
        line = trimmed(line);
        if (!line.starts_with("#include")) continue;
        const auto open = line.find_first_of("\"<");
        const auto close = line.find_first_of("\">", open + 1);
        if (close == std::string::npos) continue;
        result.push_back({fs::relative(entry.path(), source).string(),
                          line.substr(open + 1, close - open - 1), line[open] == '"'});
      }
    }
  }
  return result;
}

bool is_below(const std::string& path, const std::string& folder) {
  return path.starts_with(folder + "/");
}

/// The room that a path belongs to: the longest known folder.
std::string room_of(const std::string& path) {
  static const Names kRooms = {
      "schema", "model",           "state",          "engine/cli",      "engine",
      "lab",    "providers/async", "providers/core", "providers/guest", "providers/pve"};
  std::string best;
  for (const auto& room : kRooms) {
    if (is_below(path, room) && room.size() > best.size()) best = room;
  }
  return best;
}

/// Which rooms a room may use besides itself.
const std::map<std::string, Names>& allowed() {
  static const std::map<std::string, Names> kAllowed = {
      {"schema", {}},
      {"model", {"schema"}},
      {"state", {"schema", "model"}},
      {"providers/async", {"schema", "model"}},
      {"providers/core", {"schema", "model", "providers/async"}},
      {"providers/guest", {"schema", "model", "providers/async", "providers/core"}},
      {"providers/pve",
       {"schema", "model", "providers/async", "providers/core", "providers/guest"}},
      {"lab", {"schema", "model"}},
      {"engine", {"schema", "model", "state", "providers/async", "providers/core"}},
      {"engine/cli",
       {"schema", "model", "state", "providers/async", "providers/core", "providers/guest",
        "providers/pve", "engine", "lab"}},
  };
  return kAllowed;
}

/// The interfaces to the outside are in reach of whoever stores or simulates something.
bool is_interface(const std::string& header) {
  static const Names kInterfaces = {"providers/async/event.hpp", "providers/async/host.hpp",
                                    "providers/async/http.hpp", "providers/async/loop.hpp",
                                    "providers/async/retry.hpp", "providers/async/sleep.hpp",
                                    "providers/async/task.hpp"};
  return std::find(kInterfaces.begin(), kInterfaces.end(), header) != kInterfaces.end();
}

/// Text files of a folder that mention one of the words, outside of comments.
Names files_that_mention(const Names& words, const std::string& but_for) {
  Names result;
  const fs::path source = PVEPLAN_SOURCE_DIR;
  for (const char* folder : {"schema", "model", "state", "providers", "engine", "lab"}) {
    for (const auto& entry : fs::recursive_directory_iterator(source / folder)) {
      const auto path = fs::relative(entry.path(), source).string();
      const auto extension = entry.path().extension();
      if ((extension != ".hpp" && extension != ".cpp") || is_below(path, but_for)) continue;
      std::ifstream lines(entry.path());
      for (std::string line; std::getline(lines, line);) {
        const auto code = line.substr(0, line.find("//"));
        const bool found = std::any_of(words.begin(), words.end(), [&code](const auto& word) {
          return code.find(word) != std::string::npos;
        });
        if (found) result.push_back(path + ": " + trimmed(line));
      }
    }
  }
  return result;
}

/// Files that include a library, by a prefix of its headers.
Names users_of(const std::string& library) {
  Names users;
  for (const auto& include : all_includes()) {
    if (!include.quoted && include.target.starts_with(library)) users.push_back(include.file);
  }
  std::sort(users.begin(), users.end());
  users.erase(std::unique(users.begin(), users.end()), users.end());
  return users;
}

}  // namespace

TEST_CASE("no include leaves the graph of the rooms") {
  Names forbidden;
  for (const auto& include : all_includes()) {
    if (!include.quoted) continue;
    const auto from = room_of(include.file);
    const auto to = room_of(include.target);
    if (from.empty() || from == to) continue;
    const bool stores_or_simulates = from == "state" || from == "lab";
    if (stores_or_simulates && is_interface(include.target)) continue;
    const auto& rooms = allowed().at(from);
    if (std::find(rooms.begin(), rooms.end(), to) == rooms.end()) {
      forbidden.push_back(include.file + " includes " + include.target);
    }
  }
  CHECK(forbidden == Names{});
}

TEST_CASE("includes are relative to the repository's root") {
  const fs::path source = PVEPLAN_SOURCE_DIR;
  Names lost;
  for (const auto& include : all_includes()) {
    if (include.quoted && !fs::exists(source / include.target)) {
      lost.push_back(include.file + " includes " + include.target);
    }
  }
  CHECK(lost == Names{});
}

TEST_CASE("libraries stay in the one place that knows them") {
  CHECK(users_of("nlohmann/") == Names{"schema/json.cpp"});
  CHECK(users_of("toml++/") == Names{"schema/toml_library.hpp"});
  CHECK(users_of("boost/graph").size() <= 1);
  CHECK(users_of("boost/program_options").size() <= 1);
  CHECK(users_of("boost/beast").size() <= 1);
  const auto curl = users_of("curl/");
  for (const auto& user : curl) CHECK(is_below(user, "providers/async"));
  for (const auto& include : all_includes()) {
    const bool brings_curl = std::find(curl.begin(), curl.end(), include.target) != curl.end();
    INFO(include.file << " includes " << include.target);
    if (brings_curl)
      CHECK((is_below(include.file, "providers/async") && include.file.ends_with(".cpp")));
  }
  for (const auto& user : users_of("spdlog/")) CHECK(user == "engine/cli/log.cpp");
}

TEST_CASE("nobody but the command line writes to a stream") {
  CHECK(files_that_mention(
            {"std::cout", "std::cerr", "std::clog", "fmt::print(", "std::printf(", "std::puts("},
            "engine/cli") == Names{});
}
