#include "engine/cli/commands.hpp"
#include "engine/cli/workspace.hpp"
#include "engine/lock/pin_images.hpp"
#include "engine/view/text.hpp"
#include "schema/units.hpp"

#include <fmt/format.h>

namespace pveplan::cli {
namespace {

/// People and CI read the file; a crash leaves the old one or the new one.
async::FileResult<void> write_whole(async::Files& files, const std::string& path,
                                    const std::string& text) {
  const auto temporary = path + ".new";
  auto done = files.write(temporary, text, 0644);
  if (done) done = files.sync_file(temporary);
  if (done) done = files.rename(temporary, path);
  return done;
}

}  // namespace

async::Task<int> run_lock(Program& program, Options options) {
  const auto loaded = load_topology(program, options);
  print_diagnostics(program, options, loaded.sources, loaded.diagnostics);
  if (!loaded.topology) co_return kError;
  auto pinned = co_await engine::pin_images(program.host.transport, *loaded.topology);
  print_diagnostics(program, options, loaded.sources, pinned.diagnostics);
  if (pinned.diagnostics.has_errors()) co_return kError;
  const auto path = lock_file_path(options);
  const auto text = schema::lock_file_text(pinned.pins);
  const auto before = program.host.files.read(path);
  if (before && *before == text) {
    program.out(
        fmt::format("{} is up to date: {}.\n", path, view::counted(pinned.pins.size(), "image")));
    co_return kSuccess;
  }
  const auto written = write_whole(program.host.files, path, text);
  if (!written) {
    program.err("error: " + written.error().text() + "\n");
    co_return kError;
  }
  for (const auto& [name, pin] : pinned.pins) {
    program.out(fmt::format("image.{}  {}  {}\n", name,
                            pin.checksum.empty() ? "no checksum" : pin.checksum,
                            schema::readable_size(static_cast<std::uint64_t>(pin.size))));
  }
  program.out(fmt::format("{} written.\n", path));
  co_return kSuccess;
}

}  // namespace pveplan::cli
