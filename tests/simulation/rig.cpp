#include "tests/simulation/rig.hpp"

#include "lab/world/make_world.hpp"

#include <stdexcept>

namespace pveplan::sim {
namespace {

lab::World lab_world(std::uint64_t seed, int nodes, Time now) {
  lab::WorldOptions options;
  options.nodes = nodes;
  options.major = seed % 2 == 0 ? 8 : 9;
  options.seed = seed;
  options.start = now;
  return lab::make_world(options);
}

}  // namespace

Rig::Rig(std::uint64_t seed, int nodes)
    : world(seed), lab(lab_world(seed, nodes, world.clock.now())) {
  token_ = "root@pam!sim=" + lab::add_token(lab.world(), "root@pam", "sim", false);
  for (const auto& [name, node] : lab.world().nodes) {
    nodes_.push_back(std::make_unique<LabService>(lab, name));
    world.network.connect(name + ":8006", *nodes_.back());
  }
}

void Rig::write_topology(const std::string& text) {
  world.disk.place("/home/tester/topology/pveplan.toml", text);
}

std::string Rig::connection(int nodes) {
  const std::string endpoints =
      nodes == 1 ? "\"https://pve:8006\"" : "[\"https://pve1:8006\", \"https://pve2:8006\"]";
  return "[proxmox]\nendpoint = " + endpoints +
         "\ntls.insecure = true\ntoken = { env = \"TOKEN\" }\n";
}

std::vector<std::string> Rig::requests() const {
  std::vector<std::string> all;
  for (const auto& node : nodes_)
    all.insert(all.end(), node->requests().begin(), node->requests().end());
  return all;
}

int Rig::ask(const std::string& method, const std::string& path, const std::string& form) {
  lab.advance(world.clock.now());
  lab::Request request;
  request.method = method;
  request.path = "/api2/json" + path;
  (method == "GET" || method == "DELETE" ? request.query : request.body) = form;
  request.headers = {{"Authorization", "PVEAPIToken=" + token_},
                     {"Content-Type", "application/x-www-form-urlencoded"}};
  const auto status = lab.handle(request).status;
  let_time_pass(std::chrono::minutes(1));
  return status;
}

void Rig::let_time_pass(Duration duration) {
  world.clock.pass(duration);
  lab.advance(world.clock.now());
}

Ended Rig::run_as_deployer(const std::vector<std::string>& arguments) {
  Conditions conditions;
  const auto& token = lab.world().access.users.at("deployer@pve").tokens.at("full");
  conditions.prepare = [&token](SimHost& host) {
    host.environment.variables["TOKEN"] = "deployer@pve!full=" + token.secret;
  };
  return run(arguments, conditions);
}

std::set<std::string>& Rig::deployer_privileges() {
  return lab.world().access.custom_roles.at("PlanDeployer");
}

Ended Rig::run(const std::vector<std::string>& arguments, const Conditions& conditions) {
  Ended ended;
  auto options = cli::parse_options(arguments);
  if (!options) throw std::logic_error(options.error());
  SimHost host(world);
  host.environment.variables["TOKEN"] = token_;
  for (const auto& [name, value] : environment) host.environment.variables[name] = value;
  if (conditions.meanwhile)
    host.control.at_boundary(conditions.meanwhile_before, conditions.meanwhile);
  if (conditions.stop_before) host.control.stop_before(*conditions.stop_before);
  for (const auto& fault : conditions.file_faults) host.files.fail(fault);
  if (conditions.prepare) conditions.prepare(host);
  cli::Program program(
      host.host, known_,
      [&](const std::string& text) {
        if (conditions.on_output) conditions.on_output(host, text);
        ended.out += text;
      },
      [&ended](const std::string& text) { ended.err += text; });
  try {
    ended.exit_code = host.loop.run(cli::run_command(program, std::move(*options)));
  } catch (const SimulatedStop&) {
    ended.stopped = true;
  }
  ended.boundaries = host.control.boundaries();
  ended.late_calls = host.control.calls_after_stop();
  return ended;
}

bool contains(const std::string& text, const std::string& what) {
  std::string flat;
  for (const char each : text) {
    const bool space = each == ' ' || each == '\n';
    if (!space || (!flat.empty() && flat.back() != ' ')) flat += space ? ' ' : each;
  }
  return flat.find(what) != std::string::npos;
}

}  // namespace pveplan::sim
