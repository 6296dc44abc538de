#include "engine/cli/commands.hpp"
#include "lab/conform/replay.hpp"
#include "lab/server/lab_server.hpp"
#include "lab/world/make_world.hpp"
#include "lab/world/store.hpp"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace pveplan::cli {
namespace {

using lab::World;
using lab::WorldStore;

constexpr int kMostNodes = 32;

std::string folder_of(const Options& options) {
  const std::string folder = options.world.empty() ? ".pveplan-lab" : options.world;
  if (options.directory.empty() || folder.starts_with('/')) return folder;
  return options.directory + "/" + folder;
}

/// The world as `lab init` made it, for `lab reset`.
std::string beginning_of(const std::string& folder) { return folder + "/initial"; }
std::string certificate_file(const std::string& folder) { return folder + "/certificate.pem"; }
std::string key_file(const std::string& folder) { return folder + "/key.pem"; }

int fail(Program& program, const std::string& text) {
  program.err(fmt::format("error: {}\n", text));
  return kError;
}

int fail(Program& program, const schema::Diagnostic& problem) {
  return fail(program, fmt::format("{}\n{}", problem.summary, problem.detail));
}

int misused(Program& program, const std::string& text) {
  fail(program, text);
  return kUsage;
}

/// 8 or 9; nothing for a version that the lab does not play.
std::optional<int> major_of(const std::string& version) {
  if (version == "8" || version == "8.4") return 8;
  if (version == "9" || version == "9.2") return 9;
  return std::nullopt;
}

std::string unknown_version(const std::string& version) {
  return fmt::format("The lab plays Proxmox VE 8.4 and 9.2, not \"{}\".", version);
}

std::vector<std::string> nodes_by_number(const World& world) {
  std::map<int, std::string> names;
  for (const auto& [name, node] : world.nodes) names[node.id] = name;
  std::vector<std::string> result;
  for (const auto& [number, name] : names) result.push_back(name);
  return result;
}

World new_world(Program& program, const Options& options, int major) {
  lab::WorldOptions wanted;
  wanted.nodes = options.nodes;
  wanted.major = major;
  wanted.seed = program.host.random.next();
  if (options.port > 0 && options.port < 65535) wanted.mirror_port = options.port + 1;
  wanted.start = std::chrono::time_point_cast<lab::Duration>(program.host.clock.wall());
  return lab::make_world(wanted);
}

async::FileResult<void> write_certificate(async::Files& files, const std::string& folder,
                                          const lab::ServerCertificate& certificate) {
  if (auto put = files.write(certificate_file(folder), certificate.certificate, 0644); !put)
    return put;
  return files.write(key_file(folder), certificate.key, 0600);
}

std::string tokens_text(const World& world) {
  std::string text;
  for (const auto& [user, entry] : world.access.users) {
    for (const auto& [id, token] : entry.tokens) {
      text += fmt::format("export PVEPLAN_TOKEN='{}!{}={}'\n", user, id, token.secret);
    }
  }
  return text;
}

std::string welcome(const Options& options, const World& world, const std::string& fingerprint) {
  const auto names = nodes_by_number(world);
  std::string text = fmt::format("A simulated cluster of Proxmox VE {} is in {}.\n\n",
                                 world.release.release, folder_of(options));
  for (std::size_t k = 0; k < names.size(); ++k) {
    text += fmt::format("{} at https://127.0.0.{}:{}\n", names[k], k + 1, options.port);
  }
  text += fmt::format(
      "\n[proxmox]\nendpoint = \"https://127.0.0.1:{}\"\ntls.fingerprint = \"{}\"\n"
      "token = {{ env = \"PVEPLAN_TOKEN\" }}\n\nOne of these tokens:\n{}\n",
      options.port, fingerprint, tokens_text(world));
  const std::string world_option =
      options.world.empty() ? std::string() : " --world " + options.world;
  const std::string port_option =
      options.port == 8006 ? std::string() : fmt::format(" --port {}", options.port);
  return text + fmt::format("Start it: pveplan lab serve{}{}\n", world_option, port_option);
}

int init_lab(Program& program, const Options& options) {
  const auto major = major_of(options.version);
  if (!major) return misused(program, unknown_version(options.version));
  if (options.port < 1 || options.port >= 65535)  // the mirror has the next one
    return misused(program, fmt::format("--port is 1 to 65534, not {}.", options.port));
  if (options.nodes < 1 || options.nodes > kMostNodes) {
    return misused(program, fmt::format("--nodes is 1 to {}, not {}.", kMostNodes, options.nodes));
  }
  const std::string folder = folder_of(options);
  auto& files = program.host.files;
  WorldStore store(files, folder);
  if (store.exists()) {
    return fail(program,
                fmt::format("{} holds a world already. `pveplan lab reset` puts it back to "
                            "its beginning; remove the folder to make another one.",
                            folder));
  }
  World world = new_world(program, options, *major);
  const auto certificate = lab::make_server_certificate(nodes_by_number(world));
  const auto fingerprint = certificate.fingerprint();
  for (auto& [name, node] : world.nodes) node.fingerprint = fingerprint;
  // The world comes last: where it exists, everything else does.
  if (auto saved = WorldStore(files, beginning_of(folder)).save(world); !saved)
    return fail(program, saved.error());
  if (auto put = write_certificate(files, folder, certificate); !put)
    return fail(program, put.error().text() + ".");
  if (auto saved = store.save(world); !saved) return fail(program, saved.error());
  program.out(welcome(options, world, fingerprint));
  return kSuccess;
}

/// Keeps two processes from using one world; the error is text for people.
std::expected<std::unique_ptr<async::FileLock>, std::string> lock_world(async::Files& files,
                                                                        const std::string& folder) {
  if (!WorldStore(files, folder).exists()) {
    return std::unexpected(
        fmt::format("{} holds no world. Make one with `pveplan lab init`.", folder));
  }
  auto lock = files.try_lock(folder + "/lock");
  if (!lock) return std::unexpected(lock.error().text() + ".");
  if (*lock == nullptr) {
    return std::unexpected(
        fmt::format("The world in {} is being served by another process. Stop it first.", folder));
  }
  return std::move(*lock);
}

std::string mirror_text(const lab::LabServer& server) {
  std::string text =
      fmt::format("mirror on http://127.0.0.1:{} (SHA256SUMS and SHA512SUMS beside the files)\n",
                  server.mirror_port());
  for (const std::string& url : server.mirror_urls()) text += fmt::format("  {}\n", url);
  return text;
}

int serve_lab(Program& program, const Options& options) {
  if (options.port < 0 || options.port > 65535)
    return misused(program, fmt::format("--port is 0 to 65535, not {}.", options.port));
  if (!(options.speed > 0)) return misused(program, "--speed must be more than 0.");
  auto& files = program.host.files;
  lab::ServerOptions wanted;
  wanted.folder = folder_of(options);
  wanted.port = static_cast<std::uint16_t>(options.port);
  wanted.speed = options.speed;
  const auto lock = lock_world(files, wanted.folder);
  if (!lock) return fail(program, lock.error());
  auto world = WorldStore(files, wanted.folder).load();
  if (!world) return fail(program, world.error());
  const auto certificate = files.read(certificate_file(wanted.folder));
  const auto key = files.read(key_file(wanted.folder));
  if (!certificate) return fail(program, certificate.error().text() + ".");
  if (!key) return fail(program, key.error().text() + ".");
  wanted.certificate = {*certificate, *key};
  const auto nodes = world->nodes.size();
  const auto release = world->release.release;
  lab::LabServer server(std::move(*world), files, wanted);
  if (auto listening = server.listen(); !listening) return fail(program, listening.error());
  server.stop_at_signals();
  program.out(fmt::format(
      "listening on https://127.0.0.1:{} ({} node{}, Proxmox VE {}, fingerprint "
      "{})\n",
      server.port(), nodes, nodes == 1 ? "" : "s", release, wanted.certificate.fingerprint()));
  program.out(mirror_text(server));
  if (auto ended = server.run(); !ended) return fail(program, ended.error());
  return kSuccess;
}

int reset_lab(Program& program, const Options& options) {
  const std::string folder = folder_of(options);
  auto& files = program.host.files;
  const auto lock = lock_world(files, folder);
  if (!lock) return fail(program, lock.error());
  auto world = WorldStore(files, beginning_of(folder)).load();
  if (!world) return fail(program, world.error());
  if (auto saved = WorldStore(files, folder).save(*world); !saved)
    return fail(program, saved.error());
  program.out(fmt::format("The world in {} is as it was made.\n", folder));
  return kSuccess;
}

/// "a/b/m1-basics.jsonl" → "m1-basics".
std::string recording_name(const std::string& path) {
  const auto begin = path.find_last_of('/') + 1;
  return path.substr(begin, path.find_last_of('.') - begin);
}

int conform_lab(Program& program, const Options& options) {
  const auto major = major_of(options.version);
  if (!major) return misused(program, unknown_version(options.version));
  auto& files = program.host.files;
  std::optional<World> own;
  if (!options.world.empty()) {
    auto world = WorldStore(files, folder_of(options)).load();
    if (!world) return fail(program, world.error());
    own = std::move(*world);
  }
  bool all_match = true;
  for (const auto& path : options.arguments) {
    const auto text = files.read(path);
    if (!text) return fail(program, text.error().text() + ".");
    const auto exchanges = lab::parse_recording(*text);
    if (!exchanges) return fail(program, exchanges.error());
    const auto name = recording_name(path);
    const auto report = lab::replay(own ? *own : lab::recordings_world(*major, name), *exchanges);
    all_match = all_match && report.count(lab::Verdict::differing) == 0;
    program.out(lab::format_report(name, report, options.verbose));
  }
  return all_match ? kSuccess : kError;
}

}  // namespace

async::Task<int> run_lab(Program& program, Options options) {
  if (options.command == "lab init") co_return init_lab(program, options);
  if (options.command == "lab serve") co_return serve_lab(program, options);
  if (options.command == "lab reset") co_return reset_lab(program, options);
  co_return conform_lab(program, options);
}

}  // namespace pveplan::cli
