#include "providers/pve/resources/template/template.hpp"

#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/guest_row.hpp"
#include "providers/pve/guest/guest_steps.hpp"
#include "providers/pve/guest/read_guest.hpp"
#include "providers/pve/resources/template/make.hpp"
#include "providers/pve/settle/settle.hpp"
#include "providers/pve/size_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::pve {

using model::Action;
using model::ResolverClass;
using model::Step;
using schema::Path;
using schema::Value;

namespace {

class TemplateLowering {
 public:
  explicit TemplateLowering(const model::Change& change)
      : change_(change),
        identity_(change.action == Action::remove ? change.living_identity() : change.identity) {}

  std::vector<Step> lower() {
    if (change_.action == Action::create) create();
    if (change_.action == Action::update) update();
    if (change_.action == Action::remove)
      add("delete", {}, fmt::format("delete {}", text_of(identity_, "vmid")));
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      Value::List then;
      for (auto j = i + 1; j < steps_.size(); ++j)
        then.push_back(Value::string(steps_[j].operation));
      steps_[i].arguments = steps_[i].arguments.with(Path({"then"}), Value::list(std::move(then)));
    }
    return std::move(steps_);
  }

 private:
  void add(std::string operation, Value::Fields arguments, std::string summary) {
    arguments.emplace_back("identity", identity_);
    auto step = make_step(change_.address, std::move(operation), Value::map(std::move(arguments)),
                          std::move(summary));
    const auto node = text_of(identity_, "node");
    if (!node.empty()) step.pools.push_back("node:" + node);
    if (!steps_.empty()) step.dependencies.push_back(static_cast<Step::Id>(steps_.size() - 1));
    steps_.push_back(std::move(step));
  }
  void resize(std::int64_t bytes) {
    add("resize", {{"disk", Value::string("os")}, {"size", Value::integer(bytes)}},
        "disk.os to " + readable_bytes(bytes));
  }
  void convert() { add("convert", {}, "convert to a template"); }
  const Value* wanted_size() const { return change_.after.find(Path::parse("disk.os.size")); }

  void create() {
    if (text_of(change_.after, "guest_agent") == "install") {
      return refuse(
          "guest_agent = \"install\" needs files on the node, which pveplan does not place yet. "
          "Use an image that has the agent (\"present\"), or \"none\".");
    }
    Value::Fields arguments{{"after", change_.after}};
    pass_edition(change_.facts, arguments);
    add("create", std::move(arguments),
        fmt::format("import {} -> {}", text_of(change_.after, "image"),
                    text_of(identity_, "vmid")));
    const auto storage = text_of(change_.after, "storage");
    steps_.back().pools.push_back("storage:" + text_of(identity_, "node") + "/" + storage);
    if (const auto* size = wanted_size()) resize(as_integer(size).value_or(0));
    convert();
  }

  void refuse(std::string reason) {
    add("refuse", {{"reason", Value::string(std::move(reason))}}, "refused");
    steps_.back().writes = 0;
  }

  /// The stated size where the disk has another one.
  const model::AttributeChange* size_change() const {
    const auto& all = change_.attributes;
    const auto at = std::find_if(all.begin(), all.end(), [](const auto& each) {
      return !each.released && each.path == Path::parse("disk.os.size");
    });
    return at == all.end() ? nullptr : &*at;
  }

  /// Empty where the disk can get the size: it grows as long as the guest is no template yet.
  std::string size_refusal() const {
    const auto* change = size_change();
    if (change == nullptr) return {};
    const auto before = as_integer(&change->before).value_or(0);
    const auto after = as_integer(&change->after).value_or(0);
    if (!flag_of(change_.facts, "template") && after >= before) return {};
    return fmt::format(
        "disk.os is {} large, and the disk of a template stays as it is: it cannot become {}. Make "
        "the template anew with --replace {}, declare another one for new guests, or state the "
        "size in the VMs instead, which grow their copies.",
        readable_bytes(before), readable_bytes(after), change_.address.shell_text());
  }

  /// What a template was made from is for new ones; only what can change on it is written.
  void update() {
    if (auto reason = size_refusal(); !reason.empty()) return refuse(std::move(reason));
    Value::List reset;
    for (const auto& each : change_.attributes) {
      if (!each.released && each.after.is_null() && !each.before.is_null())
        reset.push_back(Value::string(each.path.text()));
    }
    add("configure", {{"after", change_.after}, {"reset", Value::list(std::move(reset))}},
        "configure");
    const bool moves =
        std::any_of(change_.attributes.begin(), change_.attributes.end(),
                    [](const auto& each) { return !each.released && each.path == Path({"pool"}); });
    if (moves) add("pool", {{"after", change_.after}}, "change pool");
    if (!change_.resumes) return;
    const auto owed = unfinished_of(change_.facts);
    const auto owes = [&owed](const char* operation) {
      return std::find(owed.begin(), owed.end(), operation) != owed.end();
    };
    if (const auto* size = wanted_size();
        size != nullptr && (owes("resize") || size_change() != nullptr))
      resize(as_integer(size).value_or(0));
    if (owes("convert")) convert();
  }

  const model::Change& change_;
  Value identity_;
  std::vector<Step> steps_;
};

}  // namespace

const std::vector<model::OperationSpec>& TemplateType::operations() const {
  using std::chrono::seconds;
  static const std::vector<model::OperationSpec> kOperations = {
      {"create", ResolverClass::keyed_create, seconds(60)},
      {"resize", ResolverClass::goal_state, seconds(3)},
      {"convert", ResolverClass::goal_state, seconds(3)},
      {"configure", ResolverClass::digest_guarded, seconds(2)},
      {"pool", ResolverClass::goal_state, seconds(1)},
      {"delete", ResolverClass::goal_state, seconds(5)},
      {"refuse", ResolverClass::engine_only, seconds(0)},
  };
  return kOperations;
}

model::Identity TemplateType::identity(const schema::ResourceAddress& address,
                                       const Value& desired) const {
  return planned_identity(address, desired);
}

model::Identity TemplateType::adopted_identity(const schema::ResourceAddress&, const Value& desired,
                                               const std::string& id) const {
  return adopted_guest_identity(desired, id);
}

Value TemplateType::exports(const schema::ResourceAddress&, const Value& after,
                            const model::Identity& identity) const {
  return Value::map({{"id", argument(identity, "vmid")},
                     {"node", argument(identity, "node")},
                     {"storage", argument(after, "storage")}});
}

async::Task<schema::Result<model::ReadOutcome>> TemplateType::read(core::Context context,
                                                                   model::Identity identity,
                                                                   const model::Row* row) const {
  const Value owned = row == nullptr ? Value() : row->owned;
  auto outcome = co_await read_guest(context, &schema_, std::move(identity), row);
  if (!outcome) co_return std::move(outcome);
  if (auto* live = std::get_if<model::LiveObject>(&*outcome))
    live->exported = exports({}, owned, live->identity);
  co_return std::move(outcome);
}

std::vector<Step> TemplateType::lower(const model::Change& change) const {
  return TemplateLowering(change).lower();
}

void TemplateType::export_again(model::Outcome& outcome) const {
  if (outcome.row) outcome.row->exported = exports({}, outcome.row->owned, outcome.row->identity);
}

async::Task<RunResult> TemplateType::configure(core::Context context, Step step) const {
  auto outcome = co_await run_configure(context, &schema_, std::move(step));
  if (outcome) export_again(*outcome);
  co_return std::move(outcome);
}

async::Task<SettleResult> TemplateType::settle_configuring(core::Context context,
                                                           model::Intent intent) const {
  auto settled = co_await settle_configure(context, &schema_, std::move(intent));
  auto* done = settled ? std::get_if<model::Done>(&*settled) : nullptr;
  if (done != nullptr) export_again(done->outcome);
  co_return std::move(settled);
}

async::Task<RunResult> TemplateType::run(core::Context context, Step step) const {
  const auto operation = step.operation;
  if (operation == "create") return run_create_template(context, &schema_, std::move(step));
  if (operation == "resize") return run_resize(context, std::move(step));
  if (operation == "convert") return run_convert(context, std::move(step));
  if (operation == "configure") return configure(context, std::move(step));
  if (operation == "pool") return run_pool(context, std::move(step));
  if (operation == "delete") return run_delete(context, std::move(step));
  return run_refuse(std::move(step));
}

async::Task<SettleResult> TemplateType::resolve(core::Context context, model::Intent intent) const {
  const auto operation = intent.operation;
  if (operation == "create") return settle_template_making(context, &schema_, std::move(intent));
  if (operation == "resize") return settle_resize(context, std::move(intent));
  if (operation == "convert") return settle_convert(context, std::move(intent));
  if (operation == "configure") return settle_configuring(context, std::move(intent));
  if (operation == "pool") return settle_pool(context, std::move(intent));
  return settle_delete(context, std::move(intent));
}

}  // namespace pveplan::pve
