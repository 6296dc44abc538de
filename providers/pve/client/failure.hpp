#pragma once

#include "providers/core/api.hpp"

#include <string_view>

namespace pveplan::pve {

/// What a text says that the API, or a task of it, ended with. Every plain failure is a 500, so the
/// text is all there is (FACTS 2.4, 22).
core::ApiFailure classify_text(std::string_view text);

/// What an answer with a status of 400 or more means. `writes`: whether the request changes
/// anything, since a forwarding failure then leaves the outcome open (FACTS 1.11, 1.12).
core::ApiFailure classify_answer(int status, std::string_view text, bool writes);

}  // namespace pveplan::pve
