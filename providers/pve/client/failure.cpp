#include "providers/pve/client/failure.hpp"

#include <array>

namespace pveplan::pve {
namespace {

using core::ApiFailure;

/// Texts of which all given pieces must occur. The first row that fits counts.
struct TextRule {
  std::string_view piece;
  std::string_view other_piece;
  ApiFailure failure;
};

constexpr auto kTextRules = std::to_array<TextRule>({
    {"can't lock file", "got timeout", ApiFailure::lock_timeout},
    {"got lock request timeout", "", ApiFailure::lock_timeout},
    {"no quorum", "", ApiFailure::no_quorum},
    {"cfs-lock '", "", ApiFailure::lock_timeout},
    {"-locked command timed out", "", ApiFailure::lock_timeout},
    {" is locked (", "", ApiFailure::guest_locked},
    {"checksum mismatch (file change", "", ApiFailure::digest_mismatch},
    {"detected modified configuration", "", ApiFailure::digest_mismatch},
    {"already exists", "", ApiFailure::taken},
    {"already defined", "", ApiFailure::taken},
    {"File exists", "", ApiFailure::taken},
    {"storage '", "is not online", ApiFailure::storage_offline},
    {"unable to activate storage", "", ApiFailure::storage_offline},
    {"storage '", "is not available on node", ApiFailure::storage_offline},
    {"hostname lookup '", "failed", ApiFailure::node_unreachable},
    {"no such cluster node", "", ApiFailure::node_unreachable},
    {"unable to find configuration file for", "", ApiFailure::absent},
    {"does not exist", "", ApiFailure::absent},
    {"no such ", "", ApiFailure::absent},
});

/// Statuses of a request that was forwarded to another node or went through a proxy.
bool is_lost_behind_a_proxy(int status) {
  return status == 502 || status == 504 || status == 596 || status == 597 || status == 599;
}

}  // namespace

ApiFailure classify_text(std::string_view text) {
  for (const auto& rule : kTextRules) {
    if (text.find(rule.piece) != text.npos && text.find(rule.other_piece) != text.npos)
      return rule.failure;
  }
  return ApiFailure::other;
}

ApiFailure classify_answer(int status, std::string_view text, bool writes) {
  if (status == 401) return ApiFailure::unauthorized;
  if (status == 403) return ApiFailure::forbidden;
  if (status == 595) return ApiFailure::node_unreachable;  // could not connect: nothing ran
  if (is_lost_behind_a_proxy(status))
    return writes ? ApiFailure::unknown_outcome : ApiFailure::node_unreachable;
  const auto failure = classify_text(text);
  if (status != 400) return failure;
  const bool about_existence = failure == ApiFailure::taken || failure == ApiFailure::absent;
  return about_existence ? failure : ApiFailure::bad_parameter;
}

}  // namespace pveplan::pve
