#pragma once

#include "lab/core/failure.hpp"
#include "lab/core/request.hpp"

#include <string>

namespace pveplan::lab {

/// The formats of /api2/FORMAT/… that the lab answers.
enum class Format { json, extjs, html };

/// A finished call as an HTTP answer, without its time.
Answer format_reply(Format format, const Reply& reply);

/// An error that arises before the API: no JSON, the text at most repeated in the body.
Answer raw_error(int status, std::string reason, std::string body = {});

/// 501 for a path or method that no call exists for.
Answer not_implemented(Format format, std::string_view method, std::string_view path);

}  // namespace pveplan::lab
