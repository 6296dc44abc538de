#include "engine/view/diagnostic_json.hpp"

#include "schema/json.hpp"

namespace pveplan::view {

using schema::Value;

namespace {

Value json_place(const schema::Span& span, const schema::SourceMap& sources) {
  if (!span.known() || span.file >= sources.size()) return {};
  const auto begin = sources.position(span.file, span.begin);
  const auto end = sources.position(span.file, span.end);
  return Value::map({{"file", Value::string(sources.name(span.file))},
                     {"line", Value::integer(begin.line)},
                     {"column", Value::integer(begin.column)},
                     {"end_line", Value::integer(end.line)},
                     {"end_column", Value::integer(end.column)}});
}

}  // namespace

Value::Fields diagnostic_fields(const schema::Diagnostic& diagnostic,
                                const schema::SourceMap& sources) {
  Value::List notes;
  for (const auto& note : diagnostic.notes)
    notes.push_back(Value::map(
        {{"text", Value::string(note.text)}, {"range", json_place(note.span, sources)}}));
  const bool is_error = diagnostic.severity == schema::Severity::error;
  return {{"severity", Value::string(is_error ? "error" : "warning")},
          {"summary", Value::string(diagnostic.summary)},
          {"detail", Value::string(diagnostic.detail)},
          {"range", json_place(diagnostic.span, sources)},
          {"notes", Value::list(std::move(notes))}};
}

std::string diagnostics_json(const schema::Diagnostics& diagnostics,
                             const schema::SourceMap& sources) {
  Value::List list;
  for (const auto& each : diagnostics.items()) {
    auto fields = diagnostic_fields(each, sources);
    fields.emplace_back("addr", each.address ? Value::string(each.address->text()) : Value());
    list.push_back(Value::map(std::move(fields)));
  }
  const auto errors = static_cast<std::int64_t>(diagnostics.error_count());
  const auto all = static_cast<std::int64_t>(list.size());
  return schema::to_pretty_json(Value::map({{"format_version", Value::string("1.0")},
                                            {"valid", Value::boolean(errors == 0)},
                                            {"errors", Value::integer(errors)},
                                            {"warnings", Value::integer(all - errors)},
                                            {"diagnostics", Value::list(std::move(list))}}));
}

}  // namespace pveplan::view
