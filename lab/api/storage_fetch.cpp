// Downloads: the lab fetches nothing, what can be had is in the table of the world's mirror.

#include "lab/api/areas.hpp"
#include "lab/api/resources.hpp"
#include "lab/api/storage_files.hpp"
#include "lab/api/storage_tasks.hpp"
#include "lab/core/call.hpp"
#include "lab/core/durations.hpp"
#include "lab/core/tasks.hpp"
#include "lab/core/text.hpp"
#include "lab/world/mirror.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cmath>

namespace pveplan::lab {
namespace {

using schema::Value;

const std::vector<std::string> kAlgorithms{"md5", "sha1", "sha224", "sha256", "sha384", "sha512"};

/// What a web client meets at a URL.
enum class Answering { found, missing, refusing };

Answering look_up(const World& world, const std::string& url) {
  if (world.storage.mirror.contains(url)) return Answering::found;
  for (const auto& [known, file] : world.storage.mirror) {
    if (url_authority(known) == url_authority(url)) return Answering::missing;
  }
  return Answering::refusing;
}

std::string with_port(const std::string& url) {
  const std::string authority = url_authority(url);
  if (authority.find(':') != std::string::npos) return authority;
  return authority + (url.starts_with("https") ? ":443" : ":80");
}

Reply url_metadata(Call& call) {
  const std::string url = call.parameters.text("url");
  switch (look_up(call.world, url)) {
    case Answering::missing:
      return fail("invalid server response: '404 File not found'");
    case Answering::refusing:
      return fail(
          fmt::format("invalid server response: '500 Can't connect to {} (Connection refused)'",
                      with_port(url)));
    case Answering::found:
      break;
  }
  return Value::map({{"filename", str(url_file(url))},
                     {"size", num(call.world.storage.mirror.at(url).size)},
                     {"mimetype", str(media_type_of(url_file(url)))}});
}

/// What a download's task keeps to itself.
struct Order {
  std::string url, volid, checksum, algorithm, compression;

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("url", self.url);
    archive("volid", self.volid);
    archive("checksum", self.checksum);
    archive("algorithm", self.algorithm);
    archive("compression", self.compression);
  }
};

Reply download(Call& call) {
  const std::string storage = call.parameters.text("storage");
  const std::string content = call.parameters.text("content");
  const auto definition = usable_storage(call.world, storage, call.node);
  if (!definition) return std::unexpected(definition.error());
  if (!is_file_based((*definition)->type)) {
    return fail(fmt::format("can't upload to storage type '{}', not a file based storage!",
                            (*definition)->type));
  }
  if (!holds_content(**definition, content)) {
    return fail(
        fmt::format("storage '{}' is not configured for content-type '{}'", storage, content));
  }
  const auto volid = incoming_volume(storage, content, call.parameters.text("filename"));
  if (!volid) return std::unexpected(volid.error());
  const std::string compression = call.parameters.text("compression");
  if (!compression.empty() && content != "iso") {
    return bad_parameter("compression", fmt::format("decompression not supported for {}", content));
  }
  const Order order{call.parameters.text("url"), *volid, to_lower(call.parameters.text("checksum")),
                    call.parameters.text("checksum-algorithm"), compression};
  const std::string file = volid->substr(volid->rfind('/') + 1);
  return str(start_task(call, "download", percent_encode(file), "download-file", to_value(order),
                        kTransferStart));
}

/// 8716288 → "8.3M", as wget writes it; empty below a KiB.
std::string short_size(std::int64_t size) {
  if (size < 1024) return {};
  auto value = static_cast<double>(size);
  const char* unit = "KMGT";
  for (value /= 1024; value >= 1024; value /= 1024) ++unit;
  if (value < 10 && std::fmod(value, 1.0) != 0) return fmt::format("{:.1f}{}", value, *unit);
  return fmt::format("{:.0f}{}", value, *unit);
}

std::string moment(const World& world) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}",
                     fmt::gmtime(static_cast<std::time_t>(unix_seconds(world.now))));
}

/// One running download.
class Download {
 public:
  explicit Download(Work& work) : work_(work), world_(work.world) {
    from_value(work.event.arguments, order_);
    path_ = volume_path(world_.storage, order_.volid);
    temporary_ = fmt::format("{}.tmp_dwnl.{}", path_, work.task->pid);
  }

  PhaseResult begin() {
    work_.log(fmt::format("downloading {} to {}", order_.url, path_));
    if (const Volume* there = find_volume(world_, order_.volid, work_.task->node))
      return meet_existing(*there);
    work_.log(fmt::format("--{}--  {}", moment(world_), order_.url));
    return connect();
  }

  PhaseResult finish() {
    MirrorFile& file = world_.storage.mirror.at(order_.url);
    const double rate = static_cast<double>(kBytesPerSecond) / 1e6;
    work_.log(fmt::format("     0K {:28} 100%  {:.0f}M={:.2f}s", "", rate,
                          static_cast<double>(file.size) / kBytesPerSecond));
    work_.log(fmt::format("{} ({:.0f} MB/s) - '{}' saved [{}/{}]", moment(world_), rate, temporary_,
                          file.size, file.size));
    if (auto checked = check_sum(file); !checked) return std::unexpected(checked.error());
    IncomingFile incoming{file.size, file.virtual_size, file.format, file.checksums, order_.url};
    if (is_mislabelled(order_.volid, incoming)) return refuse_image();
    if (!order_.compression.empty()) unpack(incoming);
    keep_file(world_, order_.volid, work_.task->node, incoming);
    work_.log(fmt::format("download of '{}' to '{}' finished", order_.url, path_));
    return done();
  }

 private:
  static std::string mismatch(const std::string& got, const std::string& expected) {
    return fmt::format("checksum mismatch: got '{}' != expect '{}'", got, expected);
  }

  /// The sum of a file that is there already: noted then, or that of the bytes it came from.
  std::string sum_of(const Volume& volume) {
    const auto known = volume.checksums.find(order_.algorithm);
    if (known != volume.checksums.end()) return known->second;
    const auto source = world_.storage.mirror.find(volume.source);
    return source == world_.storage.mirror.end()
               ? std::string{}
               : mirror_checksum(source->second, order_.algorithm);
  }

  PhaseResult meet_existing(const Volume& volume) {
    if (order_.checksum.empty())
      return std::unexpected(fmt::format("refusing to override existing file '{}'", path_));
    const std::string sum = sum_of(volume);
    const std::string line = "calculating checksum of existing file...";
    if (sum == order_.checksum) {
      work_.log(line + "OK, got correct file already, no need to download");
      return done();
    }
    work_.log(line);
    return std::unexpected(mismatch(sum, order_.checksum) + ", aborting");
  }

  PhaseResult connect() {
    const std::string place = with_port(order_.url);
    const Answering answering = look_up(world_, order_.url);
    if (answering == Answering::refusing) {
      return std::unexpected(
          fmt::format("download failed: Connecting to {}... failed: Connection refused.", place));
    }
    work_.log(fmt::format("Connecting to {}... connected.", place));
    const std::string request = "HTTP request sent, awaiting response... ";
    if (answering == Answering::missing) {
      work_.log(request + "404 File not found");
      work_.log(moment(world_) + " ERROR 404: File not found.");
      return std::unexpected("download failed: exit code 8");
    }
    work_.log(request + "200 OK");
    return receive(world_.storage.mirror.at(order_.url));
  }

  PhaseResult receive(const MirrorFile& file) {
    const std::string brief = short_size(file.size);
    work_.log(fmt::format("Length: {}{} [{}]", file.size, brief.empty() ? "" : " (" + brief + ")",
                          media_type_of(url_file(order_.url))));
    work_.log(fmt::format("Saving to: '{}'", temporary_));
    const std::string storage = parse_volume_id(order_.volid)->storage;
    if (storage_usage(world_, storage, work_.task->node).available < file.size) {
      return std::unexpected(fmt::format(
          "download failed: Cannot write to '{}' (No space left on device).", temporary_));
    }
    return later(transfer_time(file.size));
  }

  std::expected<void, std::string> check_sum(MirrorFile& file) {
    if (order_.checksum.empty()) return {};
    const std::string sum = mirror_checksum(file, order_.algorithm);
    const std::string line = "calculating checksum...";
    work_.log(sum == order_.checksum ? line + "OK, checksum verified" : line);
    if (sum != order_.checksum) return std::unexpected(mismatch(sum, order_.checksum));
    return {};
  }

  PhaseResult refuse_image() {
    work_.log(fmt::format(
        "command '/usr/bin/qemu-img info '--output=json' {} -f qcow2' failed: exit code 1",
        temporary_));
    return std::unexpected(fmt::format(
        "failed to verify file: qemu-img: Could not open '{}': Image is not in qcow2 format",
        temporary_));
  }

  /// What was packed has the virtual size as its real one, and other sums.
  void unpack(IncomingFile& file) {
    work_.log(fmt::format("decompressing {} to {}", temporary_, path_));
    if (file.virtual_size > 0) file.size = file.virtual_size;
    file.checksums.clear();
    file.source.clear();
  }

  Work& work_;
  World& world_;
  Order order_;
  std::string path_, temporary_;
};

}  // namespace

PhaseResult download_file(Work& work) {
  Download download(work);
  if (work.event.phase == 0) return download.begin();
  return download.finish();
}

void add_storage_fetch_calls(ApiTable& api) {
  const auto reach = [] {
    return any_of(
        {needs("/", {"Sys.Audit", "Sys.Modify"}), needs("/nodes/{node}", {"Sys.AccessNetwork"})});
  };
  const auto url = [] { return text("url").matching("https?://.*"); };
  api.get("/nodes/{node}/query-url-metadata", url_metadata)
      .allowed(reach())
      .on_node()
      .takes({url(), flag("verify-certificates").optional()});
  api.post("/nodes/{node}/storage/{storage}/download-url", download)
      .allowed(all_of({needs("/storage/{storage}", {"Datastore.AllocateTemplate"}), reach()}))
      .privileged()
      .on_node()
      .takes({storage_id(), url(), text("filename").up_to(255),
              text("content").of_format("pve-storage-content").one_of({"iso", "vztmpl", "import"}),
              text("checksum").with("checksum-algorithm").optional(),
              text("checksum-algorithm").one_of(kAlgorithms).with("checksum").optional(),
              text("compression").optional(), flag("verify-certificates").optional()});
}

}  // namespace pveplan::lab
