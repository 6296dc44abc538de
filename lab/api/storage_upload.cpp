// Uploads: the bytes are looked at and forgotten, for volumes are sizes.

#include "lab/api/areas.hpp"
#include "lab/api/resources.hpp"
#include "lab/api/storage_files.hpp"
#include "lab/api/storage_tasks.hpp"
#include "lab/core/call.hpp"
#include "lab/core/durations.hpp"
#include "lab/core/multipart.hpp"
#include "lab/core/tasks.hpp"
#include "lab/core/text.hpp"
#include "lab/world/mirror.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

const std::vector<std::string> kSums{"md5", "sha1", "sha224", "sha256", "sha384", "sha512"};

/// What a copy's task knows of the file that has already come.
struct Copy {
  std::string node, volid, temporary, format, checksum, algorithm;
  std::int64_t size = 0, virtual_size = 0;
  std::map<std::string, std::string> checksums;

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("node", self.node);
    archive("volid", self.volid);
    archive("temporary", self.temporary);
    archive("format", self.format);
    archive("checksum", self.checksum);
    archive("algorithm", self.algorithm);
    archive("size", self.size);
    archive("virtual_size", self.virtual_size);
    archive("checksums", self.checksums);
  }
};

/// The called node takes the file for any other one.
std::string target_node(const Call& call) {
  const std::string name = call.parameters.text("node");
  return name == "localhost" ? call.node : name;
}

Copy copy_of(const Call& call, const std::string& volid) {
  Copy copy;
  copy.node = target_node(call);
  copy.volid = volid;
  copy.checksum = to_lower(call.parameters.text("checksum"));
  copy.algorithm = call.parameters.text("checksum-algorithm");
  const Upload& upload = *call.upload;
  copy.temporary = upload.temporary;
  copy.size = std::ssize(upload.bytes);
  copy.virtual_size = qcow2_virtual_size(upload.bytes);
  copy.format = copy.virtual_size > 0 ? "qcow2" : "raw";
  for (const std::string& algorithm : kSums)
    copy.checksums[algorithm] = checksum_of(upload.bytes, algorithm);
  return copy;
}

Reply upload(Call& call) {
  const std::string storage = call.parameters.text("storage");
  const std::string content = call.parameters.text("content");
  const std::string node = target_node(call);
  if (!call.world.nodes.contains(node)) return fail(fmt::format("no such cluster node '{}'", node));
  const auto definition = usable_storage(call.world, storage, node);
  if (!definition) return std::unexpected(definition.error());
  if (!is_file_based((*definition)->type))
    return fail(fmt::format("can't upload to storage type '{}'", (*definition)->type));
  const auto volid = incoming_volume(storage, content, call.parameters.text("filename"));
  if (!volid) return std::unexpected(volid.error());
  if (!holds_content(**definition, content))
    return fail(fmt::format("storage '{}' does not support '{}' content", storage, content));
  if (storage_usage(call.world, storage, node).available < std::ssize(call.upload->bytes))
    return fail("not enough space on storage");
  return str(start_task(call, "imgcopy", "", "import-upload", to_value(copy_of(call, *volid)),
                        kTransferStart));
}

std::expected<void, std::string> check_upload(const Work& work, const Copy& copy) {
  if (copy.checksum.empty()) return {};
  const std::string line = "calculating checksum...";
  const std::string& sum = copy.checksums.at(copy.algorithm);
  work.log(sum == copy.checksum ? line + "OK, checksum verified" : line);
  if (sum == copy.checksum) return {};
  return std::unexpected(
      fmt::format("checksum mismatch: got '{}' != expect '{}'", sum, copy.checksum));
}

}  // namespace

PhaseResult import_upload(Work& work) {
  Copy copy;
  from_value(work.event.arguments, copy);
  const IncomingFile file{copy.size, copy.virtual_size, copy.format, copy.checksums, {}};
  if (work.event.phase > 0) {
    keep_file(work.world, copy.volid, copy.node, file);
    work.log("finished file import successfully");
    return done();
  }
  work.log("starting file import from: " + copy.temporary);
  if (auto checked = check_upload(work, copy); !checked) return std::unexpected(checked.error());
  if (is_mislabelled(copy.volid, file)) {
    work.log(fmt::format(
        "command '/usr/bin/qemu-img info '--output=json' {} -f qcow2' failed: exit code 1",
        copy.temporary));
    return std::unexpected(
        fmt::format("qemu-img: Could not open '{}': Image is not in qcow2 format", copy.temporary));
  }
  const std::string path = volume_path(work.world.storage, copy.volid);
  work.log("target node: " + copy.node);
  work.log("target file: " + path);
  work.log(fmt::format("file size is: {}", copy.size));
  work.log(fmt::format("command: cp -- {} {}", copy.temporary, path));
  return later(transfer_time(copy.size));
}

void add_storage_upload_calls(ApiTable& api) {
  api.post("/nodes/{node}/storage/{storage}/upload", upload)
      .allowed(needs("/storage/{storage}", {"Datastore.AllocateTemplate"}))
      .privileged()
      .takes({node_name(), storage_id(),
              text("content").of_format("pve-storage-content").one_of({"iso", "vztmpl", "import"}),
              text("filename").up_to(255), text("checksum").with("checksum-algorithm").optional(),
              text("checksum-algorithm").one_of(kSums).with("checksum").optional(),
              text("tmpfilename").matching("/var/tmp/pveupload-[0-9a-f]+").optional()});
}

}  // namespace pveplan::lab
