#include "engine/cli/command_table.hpp"

#include <algorithm>

namespace pveplan::cli {
namespace {

std::vector<CommandSpec> topology_commands() {
  return {
      {"init",
       "",
       "start a new topology in this folder",
       "Writes a commented pveplan.toml and a .gitignore. Files that exist are left as they are.",
       {},
       {"pveplan init", "pveplan -C homelab init"}},
      {"validate",
       "",
       "check the topology without any server",
       "Reads the topology and every file that it names, and reports all errors at once. Needs no "
       "network and no secret.",
       {"format"},
       {"pveplan validate", "pveplan validate --var env=stage", "pveplan validate --format json"},
       0,
       0,
       false,
       {"text", "json"}},
      {"plan",
       "",
       "preview changes",
       "Reads the live objects and prints what apply would do, the most dangerous things first. "
       "Changes nothing. -o saves the plan, so that exactly what was reviewed is applied.",
       {"out",     "format",       "all-attributes",    "max-bytes",
        "destroy", "explain",      "refresh",           "refresh-only",
        "target",  "exclude",      "replace",           "rotate",
        "allow",   "restart",      "max-effect",        "locked",
        "lock",    "lock-timeout", "detailed-exitcode", "trace",
        "json",    "json-into"},
       {"pveplan plan", "pveplan plan -o plan.json && pveplan apply plan.json",
        "pveplan plan --allow data-loss=vm.legacy", "pveplan plan --format markdown > comment.md",
        "pveplan plan --detailed-exitcode", "pveplan plan --max-effect restart,copy",
        "pveplan plan --target 'vm.db[1]'",
        "pveplan plan --replace vm.web --allow data-loss=vm.web", "pveplan plan --exclude vm.media",
        "pveplan plan --explain vm.db", "pveplan plan --rotate vm.db"},
       0,
       0,
       false,
       {"text", "json", "markdown"}},
      {"apply",
       "[PLANFILE]",
       "converge",
       "Plans, asks, and makes the cluster as the topology says. With a saved plan: executes "
       "exactly "
       "that plan without asking, or nothing when state, cluster, topology or any object that it "
       "touches has changed since. Ctrl-C once: nothing new is started, what runs is waited for. "
       "Twice: what runs is left running, and the next run looks after it. Three times: out at "
       "once. SIGTERM is as Ctrl-C, and what runs is waited for 8 s at most.",
       {"auto-approve", "target", "exclude", "replace", "rotate", "allow", "restart", "max-effect",
        "locked", "lock-timeout", "all-attributes", "parallelism", "fail-fast", "max-failures",
        "trace", "json", "json-into"},
       {"pveplan apply", "pveplan apply --auto-approve", "pveplan apply plan.json",
        "pveplan apply plan.json --json-into events.jsonl"},
       0,
       1},
      {"destroy",
       "",
       "remove everything that this topology manages",
       "Plans the removal of every object in the state, asks for the topology's name, and removes "
       "them in reverse order.",
       {"auto-approve", "target", "exclude", "allow", "lock-timeout", "all-attributes",
        "parallelism", "fail-fast", "max-failures", "trace", "json", "json-into"},
       {"pveplan destroy", "pveplan destroy --auto-approve --allow 'data-loss=vm.*'"}},
      {"refresh",
       "",
       "take what is live into the state",
       "Reads every managed object, shows what is otherwise than pveplan left it, asks, and takes "
       "it into the state. Changes nothing on any server. The next plan then compares the topology "
       "with that. `pveplan plan --refresh-only -o FILE` makes the same plan for later.",
       {"auto-approve", "target", "exclude", "trace", "json", "json-into"},
       {"pveplan refresh", "pveplan refresh --auto-approve --target vm.db"}},
      {"drift",
       "",
       "tell what others changed",
       "Compares every managed attribute with what pveplan last wrote: what it was, what it is, "
       "and "
       "what the topology wants. Changes nothing. Exit code 2 when anything differs, 3 when "
       "something cannot be read.",
       {"format", "locked", "trace", "json", "json-into"},
       {"pveplan drift", "pveplan drift --format json"},
       0,
       0,
       false,
       {"text", "json"}},
      {"lock",
       "",
       "pin the images",
       "Looks up the checksum, size and format of every image and writes pveplan.lock.toml. "
       "Downloads lists of checksums and a few bytes of each image.",
       {},
       {"pveplan lock", "pveplan -C homelab lock"}},
      {"show",
       "[ADDRESS|PLANFILE]",
       "show a resource or a saved plan",
       "Without an argument: the resources that the topology declares. With an address: what is "
       "desired, what the state knows and what is live, side by side; with --origin: where each "
       "value was written, in which block, profile, override or variable, or whose default it is. "
       "With the file of a saved plan: the plan.",
       {"origin", "all-attributes", "format", "max-bytes"},
       {"pveplan show", "pveplan show 'vm.db[1]'", "pveplan show vm.db --origin",
        "pveplan show plan.json", "pveplan show plan.json --format json"},
       0,
       1,
       false,
       {"text", "json", "markdown"}},
      {"output",
       "[NAME]",
       "print outputs",
       "What the [output.NAME] blocks of the topology gave when it was last applied. Needs no "
       "server. "
       "Without a name: all of them, sensitive ones hidden unless --show-sensitive asks for them. "
       "With a name: its value, a sensitive one too; what of it the state does not keep is made "
       "again from the topology.",
       {"format", "raw", "show-sensitive"},
       {"pveplan output", "pveplan output --format json", "pveplan output --raw address"},
       0,
       1,
       false,
       {"text", "json"}},
      {"graph",
       "",
       "print the resource graph",
       "Who needs whom, and by which attribute: for Graphviz, as a Mermaid flowchart that pull "
       "requests draw, or as JSON. An edge that comes from a plain name, such as pool = \"team\", "
       "is marked as implied. Needs no network and no secret.",
       {"format"},
       {"pveplan graph | dot -Tsvg > graph.svg", "pveplan graph --format mermaid"},
       0,
       0,
       false,
       {"dot", "mermaid", "json"}},
  };
}

std::vector<CommandSpec> state_commands() {
  return {
      {"state list",
       "",
       "list the managed resources",
       "One address a line, as the state knows them.",
       {},
       {"pveplan state list"}},
      {"state show",
       "ADDRESS",
       "print what the state knows of a resource",
       "Prints the row as JSON. Secrets are never part of it.",
       {},
       {"pveplan state show vm.db.1"},
       1,
       1},
      {"state rm",
       "ADDRESS...",
       "forget resources without touching the server",
       "Takes their rows out of the state, and deletes nothing: the objects stay on the server, "
       "and "
       "pveplan does not know them any more. What the topology still declares is made anew by the "
       "next apply. One unknown address, and nothing is forgotten. A backup of the state is kept.",
       {"lock-timeout"},
       {"pveplan state rm vm.db", "pveplan state rm 'vm.web[1]' pool.old"},
       1,
       1000},
      {"state mv",
       "FROM TO",
       "give a resource another address",
       "The object stays what it is; the state knows it under the new address, with its disks and "
       "with what depends on it. Without a key all instances of a block move. A [[moved]] entry in "
       "the topology does the same for everybody who applies it, and shows in the plan. A backup "
       "of the state is kept.",
       {"lock-timeout"},
       {"pveplan state mv vm.web vm.www", "pveplan state mv 'vm.db[1]' vm.primary"},
       2,
       2},
      {"state pull",
       "",
       "print the state",
       "Prints it as JSON, from wherever it is kept. The output is what state push takes.",
       {},
       {"pveplan state pull > state.json"}},
      {"state push",
       "FILE",
       "put a state from a file in the place of the present one",
       "For moving a state to a server, and for going back to a backup. Refuses a file of another "
       "lineage, an older one, and one of the same serial with other content; --force overrides "
       "that, and gives the state a serial that was never used. What was there is kept as a "
       "backup.",
       {"force", "lock-timeout"},
       {"pveplan state push .pveplan/lab/state.json",
        "pveplan state push --force .pveplan/lab/backups/12.json"},
       1,
       1},
      {"state rebuild",
       "",
       "make a lost state anew from the cluster",
       "Takes the guests whose description says that this topology made them, and objects without "
       "such a mark that are exactly as the topology states them. Shows them, asks, and changes "
       "nothing on the cluster. What the state knows already stays as it is.",
       {"auto-approve", "lock-timeout"},
       {"pveplan state rebuild"}},
      {"state accept",
       "[ADDRESS [ID]]",
       "manage what has taken the place of an object",
       "For a guest that was restored from a backup as a new one, which has another hardware id, "
       "or "
       "another number: then ID names it. With --cluster: the cluster has a new certificate "
       "authority, by which the state knows it. Shows what was and what is, and asks.",
       {"cluster", "auto-approve", "lock-timeout"},
       {"pveplan state accept vm.db", "pveplan state accept vm.db 231",
        "pveplan state accept --cluster"},
       0,
       2},
      {"state unlock",
       "[ID]",
       "take away a lock that a stopped run left on a server",
       "Shows who has the lock, and since when. With its ID it asks and takes the lock away. A "
       "lock "
       "of a process on this machine ends with that process and is never taken away.",
       {"auto-approve"},
       {"pveplan state unlock", "pveplan state unlock 1f2e3d4c5b6a79880011223344556677"},
       0,
       1},
  };
}

std::vector<CommandSpec> lab_commands() {
  return {
      {"lab init",
       "",
       "make a simulated Proxmox cluster",
       "Writes a world into .pveplan-lab and prints its endpoint, fingerprint and tokens.",
       {"world", "nodes", "pve", "port"},
       {"pveplan lab init --nodes 3 --pve 9.2"}},
      {"lab serve",
       "",
       "serve the simulated cluster over HTTPS",
       "Listens on loopback only; node K on 127.0.0.K. Ctrl-C stops it; the world stays.",
       {"world", "port", "speed"},
       {"pveplan lab serve", "pveplan lab serve --speed 20"}},
      {"lab reset",
       "",
       "put the simulated cluster back to its beginning",
       "",
       {"world"},
       {"pveplan lab reset"}},
      {"lab conform",
       "RECORDING...",
       "compare the lab with recordings of the real API",
       "Prints for each file how many answers match, differ and are not covered.",
       {"world", "pve", "verbose"},
       {"pveplan lab conform m1-basics-auth.jsonl"},
       1,
       1000},
  };
}

std::vector<CommandSpec> program_commands() {
  return {
      {"schema",
       "[TYPE]",
       "print what the language has",
       "Without a type: all types with a line each. With a type: its attributes, their defaults "
       "and "
       "what a change of each does; `topology` for the blocks that are no resources. With --format "
       "json: a JSON Schema for editors.",
       {"format"},
       {"pveplan schema vm", "pveplan schema --format json > pveplan.schema.json"},
       0,
       1,
       false,
       {"text", "json"}},
      {"completion",
       "SHELL",
       "print a completion script for bash, zsh or fish",
       "Completes commands, options and, where a resource is asked for, the addresses that the "
       "state "
       "knows.",
       {},
       {"pveplan completion bash > ~/.local/share/bash-completion/completions/pveplan",
        "pveplan completion zsh > ~/.zfunc/_pveplan",
        "pveplan completion fish > ~/.config/fish/completions/pveplan.fish"},
       1,
       1},
      {"version", "", "print the version", "", {}, {"pveplan version"}},
      {"man",
       "",
       "print the manual page",
       "The source of docs/man/pveplan.1.",
       {},
       {"pveplan man | man -l -"},
       0,
       0,
       true},
  };
}

}  // namespace

const std::vector<CommandSpec>& commands() {
  static const auto all = [] {
    std::vector<CommandSpec> result;
    for (auto& group :
         {topology_commands(), state_commands(), lab_commands(), program_commands()}) {
      result.insert(result.end(), group.begin(), group.end());
    }
    return result;
  }();
  return all;
}

bool CommandSpec::takes(std::string_view option) const {
  return std::find(options.begin(), options.end(), option) != options.end();
}

const CommandSpec* find_command(std::string_view name) {
  const auto& all = commands();
  const auto at = std::find_if(all.begin(), all.end(),
                               [name](const CommandSpec& each) { return each.name == name; });
  return at == all.end() ? nullptr : &*at;
}

}  // namespace pveplan::cli
