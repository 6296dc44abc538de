#pragma once

#include "lab/core/request.hpp"
#include "lab/world/world.hpp"

#include <optional>
#include <string>

namespace pveplan::lab {

/// Answers one request from the world and changes it: the rules of the HTTP layer, authentication,
/// dispatch. Knows nothing of faults.
Answer answer_request(World& world, const Request& request);

/// The path behind "/api2/FORMAT", decoded; nullopt for paths outside of the API.
std::optional<std::string> api_path(const Request& request);

/// Requests with a body of more than this are refused, but for uploads of files.
inline constexpr std::size_t kLargestBody = 512 * 1024;
inline constexpr std::size_t kLargestUpload = 1024 * 1024 * 1024;

/// A request that sends a file to a storage.
bool is_upload(const Request& request);

}  // namespace pveplan::lab
