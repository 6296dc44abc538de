// What lies on a storage: listing, one volume's data, making and removing disks.

#include "lab/api/areas.hpp"
#include "lab/api/storage_access.hpp"
#include "lab/api/storage_config.hpp"
#include "lab/api/storage_tasks.hpp"
#include "lab/core/call.hpp"
#include "lab/core/durations.hpp"
#include "lab/core/tasks.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

#include <regex>

namespace pveplan::lab {
namespace {

using schema::Value;

bool is_disk(const Volume& volume) { return volume.content == "images"; }

/// A container's disks are listed under another name.
std::string shown_content(const World& world, const Volume& volume) {
  const auto owner = world.guests.find(volume.guest);
  const bool of_container =
      is_disk(volume) && owner != world.guests.end() && owner->second.kind == GuestKind::lxc;
  return of_container ? "rootdir" : volume.content;
}

void add_disk_fields(const StorageDefinition& definition, const Volume& volume,
                     Value::Fields& fields) {
  fields.emplace_back("size", num(volume.size));
  fields.emplace_back("vmid", num(volume.guest));
  if (!is_file_based(definition.type)) {
    // LVM tells its time as text.
    fields.emplace_back("ctime", str(std::to_string(volume.created)));
    return;
  }
  fields.emplace_back("ctime", num(volume.created));
  fields.emplace_back("used", num(volume.used));
  fields.emplace_back("parent", volume.parent.empty() ? null() : str("../" + volume.parent));
}

void add_file_fields(const Volume& volume, Value::Fields& fields) {
  fields.emplace_back("size", num(volume.used));
  fields.emplace_back("ctime", num(volume.created));
  if (volume.content != "backup") return;
  if (volume.guest != 0) fields.emplace_back("vmid", num(volume.guest));
  if (!volume.notes.empty()) fields.emplace_back("notes", str(volume.notes));
  if (volume.is_protected) fields.emplace_back("protected", num(1));
}

/// Of files, only backups belong to a guest; the filter leaves out images and templates, but not
/// what the real one never learned to filter.
bool passes_guest_filter(const Volume& volume, int guest) {
  if (is_disk(volume) || volume.content == "backup") return volume.guest == guest;
  return volume.content == "import" || volume.content == "snippets";
}

Reply list_content(Call& call) {
  const std::string id = call.parameters.text("storage");
  const auto definition = usable_storage(call.world, id, call.node);
  if (!definition) return std::unexpected(definition.error());
  const auto wanted = call.parameters.maybe("content");
  const int guest = static_cast<int>(call.parameters.integer("vmid"));
  Value::List list;
  for (const auto& [name, volume] : volumes_on(call.world, id, call.node)) {
    const std::string content = shown_content(call.world, volume);
    if (wanted && *wanted != content) continue;
    if (guest != 0 && !passes_guest_filter(volume, guest)) continue;
    if (!require_volume(call, id + ":" + name)) continue;
    Value::Fields fields{
        {"volid", str(id + ":" + name)}, {"content", str(content)}, {"format", str(volume.format)}};
    if (is_disk(volume)) {
      add_disk_fields(**definition, volume, fields);
    } else {
      add_file_fields(volume, fields);
    }
    list.push_back(Value::map(std::move(fields)));
  }
  return Value::list(std::move(list));
}

/// The volume of the path: a whole volid, or a name on the storage of the path.
Attempt<std::string> named_volume(const Call& call) {
  const std::string text = call.parameters.text("volume");
  const std::string storage = call.parameters.text("storage");
  const auto id = parse_volume_id(text);
  if (!id) return storage + ":" + text;
  if (!storage.empty() && id->storage != storage)
    return fail(fmt::format("storage ID missmatch ({} != {})", id->storage, storage));
  return text;
}

std::string absence(const Call& call, const std::string& volid) {
  const VolumeId id = *parse_volume_id(volid);
  const StorageDefinition& definition = call.world.storage.definitions.at(id.storage);
  const std::string path = volume_path(call.world.storage, volid);
  if (is_file_based(definition.type)) return fmt::format("failed to stat '{}'", path);
  return fmt::format("can't get size of '{}':   Failed to find logical volume \"{}/{}\"", path,
                     storage_option(definition, "vgname"), id.name);
}

/// An image's format is found in its bytes; everything else reads as raw.
std::string format_of_bytes(const Volume& volume) {
  const bool known = is_disk(volume) || volume.content == "import";
  return known ? volume.format : "raw";
}

Reply read_volume(Call& call) {
  const auto volid = named_volume(call);
  if (!volid) return std::unexpected(volid.error());
  if (auto allowed = require_volume(call, *volid); !allowed)
    return std::unexpected(allowed.error());
  const auto usable = usable_storage(call.world, parse_volume_id(*volid)->storage, call.node);
  if (!usable) return std::unexpected(usable.error());
  const Volume* volume = find_volume(call.world, *volid, call.node);
  if (volume == nullptr) return fail(absence(call, *volid));
  Value::Fields fields{{"path", str(volume_path(call.world.storage, *volid))},
                       {"size", num(volume->size)},
                       {"used", num(volume->used)},
                       {"format", str(format_of_bytes(*volume))}};
  if (!volume->notes.empty()) fields.emplace_back("notes", str(volume->notes));
  if (volume->is_protected) fields.emplace_back("protected", num(1));
  return Value::map(std::move(fields));
}

Attempt<void> require_removal(const Call& call, const std::string& volid) {
  const VolumeId id = *parse_volume_id(volid);
  const auto definition = call.world.storage.definitions.find(id.storage);
  if (definition == call.world.storage.definitions.end())
    return fail(fmt::format("storage '{}' does not exist", id.storage));
  const auto name = parse_volume_name(definition->second, id.name);
  if (!name) return fail(name.error());
  const auto& who = call.caller.who;
  if (name->content != "backup" || name->guest == 0)
    return require_privilege(call.world, who, "/storage/" + id.storage, "Datastore.Allocate");
  auto allowed =
      require_privilege(call.world, who, "/storage/" + id.storage, "Datastore.AllocateSpace");
  if (!allowed) return allowed;
  return require_privilege(call.world, who, fmt::format("/vms/{}", name->guest), "VM.Backup");
}

Reply update_volume(Call& call) {
  const auto volid = named_volume(call);
  if (!volid) return std::unexpected(volid.error());
  if (auto allowed = require_volume(call, *volid); !allowed)
    return std::unexpected(allowed.error());
  Volume* volume = find_volume(call.world, *volid, call.node);
  const bool is_backup = volume != nullptr && volume->content == "backup";
  if (call.parameters.has("notes")) {
    if (!is_backup) return fail("only backups can have notes");
    volume->notes = call.parameters.text("notes");
  }
  if (call.parameters.has("protected")) {
    if (!is_backup) return fail("only backups can be protected");
    volume->is_protected = call.parameters.flag("protected");
  }
  return Payload{};
}

Reply remove_volume(Call& call) {
  const auto volid = named_volume(call);
  if (!volid) return std::unexpected(volid.error());
  if (auto allowed = require_removal(call, *volid); !allowed)
    return std::unexpected(allowed.error());
  const VolumeId id = *parse_volume_id(*volid);
  const int owner =
      parse_volume_name(call.world.storage.definitions.at(id.storage), id.name)->guest;
  const std::string subject = owner == 0 ? id.storage : fmt::format("{}@{}", owner, id.storage);
  const bool waits = call.parameters.has("delay");
  const std::string upid = start_task(call, "imgdel", subject, "delete-volume", str(*volid),
                                      waits ? Duration{} : kVolumeRemoval);
  if (!waits) return str(upid);
  run_events(call.world, call.world.now);
  const WorldTask& task = call.world.tasks.by_upid.at(upid);
  if (task.status == "OK") return Payload{};
  return fail(task.status);
}

/// Only machines that were exported elsewhere have such data, and the lab has none of them.
Reply import_metadata(Call& call) {
  const std::string storage = call.parameters.text("storage");
  const auto definition = usable_storage(call.world, storage, call.node);
  if (!definition) return std::unexpected(definition.error());
  const std::string volume = call.parameters.text("volume");
  const auto name = parse_volume_name(**definition, volume);
  if (!name) return fail(name.error());
  if (auto allowed = require_volume(call, storage + ":" + volume); !allowed)
    return std::unexpected(allowed.error());
  return fail(fmt::format("volume '{}' has no metadata to import", volume));
}

/// KiB, or with M or G.
std::int64_t size_in_bytes(const std::string& text) {
  const std::int64_t number = to_integer(text.substr(0, text.find_first_of("MG"))).value_or(0);
  if (text.ends_with('M')) return number << 20;
  return text.ends_with('G') ? number << 30 : number << 10;
}

Reply allocate(Call& call) {
  NewVolume wanted;
  wanted.storage = call.parameters.text("storage");
  wanted.node = call.node;
  wanted.guest = static_cast<int>(call.parameters.integer("vmid"));
  wanted.size = size_in_bytes(call.parameters.text("size"));
  wanted.file = call.parameters.text("filename");
  wanted.format = call.parameters.text("format");
  const auto definition = usable_storage(call.world, wanted.storage, wanted.node);
  if (!definition) return std::unexpected(definition.error());
  static const std::regex kSuffix(R"(.*\.(raw|qcow2|subvol|vmdk))");
  std::smatch match;
  const bool suffixed = std::regex_match(wanted.file, match, kSuffix);
  if (suffixed && !wanted.format.empty() && wanted.format != match[1]) {
    return bad_parameter("format", fmt::format("different storage formats ({} != {})",
                                               match[1].str(), wanted.format));
  }
  if (suffixed) wanted.format = match[1];
  if (wanted.format.empty()) wanted.format = "raw";
  const bool named_well = wanted.file.starts_with(fmt::format("vm-{}-", wanted.guest));
  if (!is_file_based((*definition)->type) && !named_well) {
    return fail(fmt::format("illegal name '{}' - should be 'vm-{}-*'", wanted.file, wanted.guest));
  }
  auto made = allocate_volume(call.world, wanted);
  if (!made) return fail(made.error());
  return str(made->volid);
}

}  // namespace

PhaseResult delete_volume(Work& work) {
  const std::string volid = work.event.arguments.as_string();
  const auto log = free_volume(work.world, volid, work.task->node);
  if (!log) return std::unexpected(log.error());
  for (const std::string& line : *log) work.log(line);
  work.log(fmt::format("Removed volume '{}'", volid));
  return done();
}

void add_storage_content_calls(ApiTable& api) {
  const std::string list = "/nodes/{node}/storage/{storage}/content";
  const auto storage = [] { return storage_id(); };
  const auto maybe_storage = [] { return storage_id().optional(); };
  api.get(list, list_content)
      .allowed(needs_any("/storage/{storage}", {"Datastore.Audit", "Datastore.AllocateSpace"}))
      .privileged()
      .on_node()
      .takes({storage(), text("content").of_format("pve-storage-content").optional(),
              guest_id().optional()});
  api.post(list, allocate)
      .allowed(needs("/storage/{storage}", {"Datastore.AllocateSpace"}))
      .privileged()
      .on_node()
      .takes({storage(), text("filename"), guest_id(), text("size").matching("[0-9]+[MG]?"),
              text("format").one_of({"raw", "qcow2", "subvol", "vmdk"}).with("size").optional()});
  api.get("/nodes/{node}/storage/{storage}/import-metadata", import_metadata)
      .allowed(everyone())
      .privileged()
      .on_node()
      .takes({storage(), text("volume")})
      .known(Knowledge::assumed);
  const std::string one = list + "/{volume}";
  api.get(one, read_volume)
      .allowed(everyone())
      .privileged()
      .on_node()
      .takes({maybe_storage(), text("volume")});
  api.put(one, update_volume)
      .allowed(everyone())
      .privileged()
      .on_node()
      .takes(
          {maybe_storage(), text("volume"), text("notes").optional(), flag("protected").optional()})
      .known(Knowledge::from_source);
  api.remove(one, remove_volume)
      .allowed(everyone())
      .privileged()
      .on_node()
      .takes({maybe_storage(), text("volume"), integer("delay").between(1, 30).optional()});
}

}  // namespace pveplan::lab
