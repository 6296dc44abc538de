#pragma once

#include "lab/core/parameter.hpp"

#include <string>
#include <vector>

/// What storage.cfg may hold, by type of storage.
namespace pveplan::lab {

enum class OptionRule { unknown, optional, required, fixed, fixed_optional };

/// How a type treats an option.
OptionRule storage_option_rule(const std::string& type, const std::string& option);
/// The options without which a storage of that type cannot be.
std::vector<std::string> needed_storage_options(const std::string& type);
/// Content types that a type can hold; the given ones without those that it cannot.
std::vector<std::string> usable_contents(const std::string& type,
                                         const std::vector<std::string>& wanted);
std::vector<std::string> default_contents(const std::string& type);
/// Kept outside of storage.cfg and never shown.
bool is_secret_option(const std::string& option);
/// Whether the API shows the option as a number.
bool is_numeric_option(const std::string& option);

/// The parameters of POST /storage, or of PUT /storage/{storage}.
std::vector<Parameter> storage_parameters(int major, bool creating);

}  // namespace pveplan::lab
