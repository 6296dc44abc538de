#pragma once

#include <map>
#include <optional>
#include <string>

namespace pveplan::lab {

/// The formats of the options of storages, by name: each gives a complaint or nothing.
using FormatCheck = std::optional<std::string> (*)(const std::string& text, int major);
const std::map<std::string, FormatCheck>& storage_formats();

}  // namespace pveplan::lab
