#include "engine/cli/plan_output.hpp"

#include "engine/view/plan_json.hpp"
#include "engine/view/plan_markdown.hpp"
#include "engine/view/plan_text.hpp"
#include "providers/async/real_files.hpp"
#include "schema/json.hpp"
#include "state/store_place.hpp"

#include <fmt/format.h>

#include <cerrno>

namespace pveplan::cli {

std::string plan_output(const Program& program, const Options& options,
                        const engine::SavedPlan& saved) {
  if (options.format == "json") return schema::to_pretty_json(view::plan_json(saved));
  if (options.format == "markdown") {
    const auto& file = options.command == "show" ? options.arguments[0] : options.plan_file;
    return view::plan_markdown(saved, program.known.schemas(), options.max_bytes, file);
  }
  view::PlanTextOptions look;
  look.colour = program.colour(options);
  look.all_attributes = options.all_attributes;
  return view::plan_text(saved.plan, program.known.schemas(), look);
}

schema::Result<std::string> read_plan_bytes(Program& program, const std::string& path) {
  auto bytes = program.host.files.read(path);
  if (bytes) return std::move(*bytes);
  if (bytes.error().code == ENOENT) {
    return std::unexpected(schema::error(
        "No such plan file",
        fmt::format("There is no file '{}'. Make it with `pveplan plan -o {}`.", path, path)));
  }
  return std::unexpected(
      schema::error("Plan file cannot be read", "The system says: " + bytes.error().text() + "."));
}

schema::Result<void> write_plan_bytes(Program& program, const std::string& path,
                                      const std::string& bytes) {
  if (!async::is_file_or_absent(path)) {
    return std::unexpected(schema::error(
        "Plan file cannot be written",
        fmt::format(
            "{} is a folder, a link, a device or a pipe, which a plan would take the place of. "
            "Name a file.",
            path)));
  }
  auto written = state::replace_file(program.host.files, path, bytes);
  if (!written) written.error().summary = "Plan file cannot be written";
  return written;
}

}  // namespace pveplan::cli
