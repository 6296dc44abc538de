#pragma once

#include "schema/address.hpp"
#include "schema/span.hpp"

#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pveplan::schema {

enum class Severity { error, warning };

/// A second place or fact that belongs to a diagnostic, such as "first declared here".
struct Note {
  std::string text;
  Span span;
};

/// What went wrong, as a value: text for people is made by a view, never where the error arises.
struct Diagnostic {
  Severity severity = Severity::error;
  std::string summary;  ///< constant and free of user names, so that it can be searched for
  std::string detail;   ///< whole sentences: what is wrong, why it matters, what to do
  Span span;            ///< the underlined range, where there is one
  std::string context;  ///< the block that holds the span, such as "[vm.web]"
  std::optional<ResourceAddress> address;
  std::vector<Note> notes;
  bool sensitive = false;  ///< what the span covers is a secret: views do not show it
};

/// Builds the common case; name the rest with designated members on the result.
Diagnostic error(std::string summary, std::string detail, Span span = {});
Diagnostic warning(std::string summary, std::string detail, Span span = {});

template <typename T>
using Result = std::expected<T, Diagnostic>;

/// Errors and warnings of one stage, collected so that a person sees all of them in one run.
class Diagnostics {
 public:
  Diagnostics() = default;
  explicit Diagnostics(Diagnostic only) { add(std::move(only)); }
  /// What was told already of the same place, such as by another instance of a block, is dropped.
  void add(Diagnostic diagnostic);
  void append(Diagnostics other);
  bool has_errors() const { return errors_ > 0; }
  std::size_t error_count() const { return errors_; }
  bool empty() const { return items_.empty(); }
  const std::vector<Diagnostic>& items() const { return items_; }
  /// By file and offset; those without a span keep their order and come last.
  void sort();

 private:
  std::vector<Diagnostic> items_;
  std::size_t errors_ = 0;
};

}  // namespace pveplan::schema
