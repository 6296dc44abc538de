#include "schema/diagnostic.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace pveplan::schema {

Diagnostic error(std::string summary, std::string detail, Span span) {
  Diagnostic diagnostic;
  diagnostic.summary = std::move(summary);
  diagnostic.detail = std::move(detail);
  diagnostic.span = span;
  return diagnostic;
}

Diagnostic warning(std::string summary, std::string detail, Span span) {
  auto diagnostic = error(std::move(summary), std::move(detail), span);
  diagnostic.severity = Severity::warning;
  return diagnostic;
}

void Diagnostics::add(Diagnostic diagnostic) {
  const auto told = [&diagnostic](const Diagnostic& each) {
    return each.span == diagnostic.span && each.severity == diagnostic.severity &&
           each.summary == diagnostic.summary && each.detail == diagnostic.detail;
  };
  if (diagnostic.span.known() && std::any_of(items_.begin(), items_.end(), told)) return;
  if (diagnostic.severity == Severity::error) ++errors_;
  items_.push_back(std::move(diagnostic));
}

void Diagnostics::append(Diagnostics other) {
  for (auto& item : other.items_) add(std::move(item));
}

void Diagnostics::sort() {
  std::stable_sort(items_.begin(), items_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.span.file, a.span.begin) < std::tie(b.span.file, b.span.begin);
  });
}

}  // namespace pveplan::schema
