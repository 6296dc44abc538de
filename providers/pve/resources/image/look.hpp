#pragma once

#include "model/cluster.hpp"
#include "providers/core/context.hpp"

#include <optional>
#include <string>

namespace pveplan::pve {

/// Where the file is, or nothing; `available` is false when nobody can tell.
class ImageLook {
 public:
  ImageLook() {}
  bool available = true;
  std::string reason;                 ///< when it is not
  std::optional<schema::Value> file;  ///< the entry of the content listing
  std::string server_time;
};

/// Looks for the file of an image's identity; with `shared`, once for all images of a storage.
async::Task<ImageLook> look_for_image(core::Context context, model::Identity identity, bool shared);

/// An online node that has the storage: the identity's own where it names one.
std::string image_node(const model::ClusterFacts& cluster, const model::Identity& identity);

/// Volume ids keep their slashes only as part of the last path element (FACTS 1.15).
std::string image_content_path(const std::string& node, const std::string& storage);

schema::Diagnostic image_failure(const schema::ResourceAddress& address, std::string summary,
                                 std::string detail);

}  // namespace pveplan::pve
