#include "schema/set_changes.hpp"

#include "schema/convert.hpp"
#include "schema/resource_schema.hpp"
#include "schema/suggest.hpp"
#include "schema/topology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

namespace pveplan::schema {
namespace {

AttributeBuilder text(const char* name, const char* doc) {
  return attr(name, string()).required().doc(doc);
}

class SetChanges {
 public:
  SetChanges(DecodeContext& context, Topology& topology) : context_(context), topology_(topology) {
    for (const auto& resource : topology.resources) {
      declared_.insert(resource.address);
      declared_.insert(resource.address.group());
    }
  }

  void decode(const Node& root) {
    each(root, "moved", [this](const Node& table, const Value& fields) { moved(table, fields); });
    each(root, "removed",
         [this](const Node& table, const Value& fields) { removed(table, fields); });
    each(root, "import", [this](const Node& table, const Value& fields) { import(table, fields); });
    check_moves();
  }

 private:
  using Reader = std::function<void(const Node&, const Value&)>;

  void each(const Node& root, const char* name, const Reader& read) {
    const auto* entry = root.find(name);
    if (entry == nullptr) return;
    const auto* array = entry->value->array();
    if (array == nullptr) {
      return add("Wrong type", fmt::format("There may be several: write [[{}]].", name),
                 entry->key_span);
    }
    for (const auto& item : array->items) {
      Converter converter(context_, Converter::References::refused);
      converter.set_owner(fmt::format("[[{}]]", name));
      Site site;
      site.span = item->span;
      if (item->table() == nullptr) {
        converter.report("Wrong type", fmt::format("Each entry is a table: write [[{}]].", name),
                         site);
        continue;
      }
      read(*item, converter.convert_object(*item, set_change_schema(name), site));
    }
  }

  std::optional<ResourceAddress> address(const Node& table, const Value& fields, const char* key) {
    const auto* value = fields.find(key);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    auto parsed = parse_address(value->as_string());
    if (!parsed) {
      add("Invalid address",
          fmt::format("\"{}\" is no address of a resource: write \"vm.db\" or \"vm.db[1]\".",
                      value->as_string()),
          span_of(table, key));
    }
    return parsed;
  }

  void moved(const Node& table, const Value& fields) {
    const auto from = address(table, fields, "from"), to = address(table, fields, "to");
    if (!from || !to) return;
    if (from->type != to->type) {
      return add(
          "Different types",
          fmt::format("{} cannot become {}: a resource keeps its type.", from->text(), to->text()),
          span_of(table, "to"));
    }
    if (*from == *to) {
      return add("Moved to itself", fmt::format("Both addresses are {}.", from->text()),
                 span_of(table, "to"));
    }
    if (is_declared(*from)) {
      return add("Still in the topology",
                 fmt::format("{} was moved to {}, and its block still stands here: rename the "
                             "block, or take this entry out.",
                             from->text(), to->text()),
                 span_of(table, "from"));
    }
    topology_.moved.push_back({*from, *to, span_of(table, "from")});
  }

  void removed(const Node& table, const Value& fields) {
    const auto at = address(table, fields, "address");
    const auto* destroy = fields.find("destroy");
    if (!at || destroy == nullptr || destroy->kind() != Value::Kind::boolean) return;
    if (is_declared(*at)) {
      return add("Still in the topology",
                 fmt::format("{} is said to be removed, and its block still stands here: take the "
                             "block or this entry out.",
                             at->text()),
                 span_of(table, "address"));
    }
    topology_.removed.push_back({*at, destroy->as_boolean(), span_of(table, "address")});
  }

  void import(const Node& table, const Value& fields) {
    const auto to = address(table, fields, "to");
    const auto* id = fields.find("id");
    if (!to || id == nullptr || !id->is_string()) return;
    if (topology_.find(*to) == nullptr) {
      std::vector<std::string> names;
      for (const auto& resource : topology_.resources) names.push_back(resource.address.text());
      return add("Unknown resource",
                 fmt::format("There is no {} in the topology to import {} into: write its block.{}",
                             to->text(), id->as_string(), context_.guess(to->text(), names)),
                 span_of(table, "to"));
    }
    const auto [first, added] = imported_.try_emplace(*to, span_of(table, "to"));
    if (!added) return twice("Imported twice", *to, span_of(table, "to"), first->second);
    topology_.imports.push_back({*to, id->as_string(), span_of(table, "to")});
  }

  /// Each place is left once and taken once, and nothing goes round in a circle.
  void check_moves() {
    std::map<ResourceAddress, const Moved*> from, to;
    for (const auto& move : topology_.moved) {
      const auto [source, new_source] = from.try_emplace(move.from, &move);
      if (!new_source) twice("Moved twice", move.from, move.span, source->second->span);
      const auto [target, new_target] = to.try_emplace(move.to, &move);
      if (!new_target) twice("Two come here", move.to, move.span, target->second->span);
    }
    for (const auto& [start, move] : from) {
      auto here = move->to;
      for (std::size_t steps = 0; steps <= from.size(); ++steps) {
        const auto next = from.find(here);
        if (next == from.end()) break;
        here = next->second->to;
        if (here != start) continue;
        return add(
            "Moved in a circle",
            fmt::format("The entries move {} back to itself: take one of them out.", start.text()),
            move->span);
      }
    }
  }

  void twice(std::string summary, const ResourceAddress& address, Span span, Span first) {
    auto diagnostic =
        error(std::move(summary),
              fmt::format("Two entries name {}: keep one of them.", address.text()), span);
    diagnostic.notes.push_back({"the other one is here", first});
    context_.diagnostics.add(std::move(diagnostic));
  }

  bool is_declared(const ResourceAddress& address) const { return declared_.contains(address); }

  void add(std::string summary, std::string detail, Span span) {
    context_.diagnostics.add(error(std::move(summary), std::move(detail), span));
  }

  DecodeContext& context_;
  Topology& topology_;
  std::set<ResourceAddress> declared_;
  std::map<ResourceAddress, Span> imported_;
};

}  // namespace

bool is_set_change(std::string_view name) {
  return name == "moved" || name == "removed" || name == "import";
}

const ObjectSchema& set_change_schema(std::string_view name) {
  static const auto kMoved = ObjectBuilder()
                                 .add(text("from", "The address that the topology used before."))
                                 .add(text("to", "The address that it uses now."))
                                 .build();
  static const auto kRemoved =
      ObjectBuilder()
          .add(text("address", "The address whose block was taken out."))
          .add(attr("destroy", boolean())
                   .required()
                   .doc("false: the object stays as it is, and pveplan forgets it."))
          .build();
  static const auto kImport =
      ObjectBuilder()
          .add(text("to", "The address of the block that stands for the object."))
          .add(text("id", "What Proxmox calls the object: a VMID, the id of a pool."))
          .build();
  if (name == "moved") return kMoved;
  return name == "removed" ? kRemoved : kImport;
}

void decode_set_changes(DecodeContext& context, const Node& root, Topology& topology) {
  SetChanges(context, topology).decode(root);
}

}  // namespace pveplan::schema
