#include "engine/order.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>

using namespace pveplan;
using engine::ResourceGraph;
using model::Action;
using model::Step;

namespace {

Step step(const schema::ResourceAddress& address, const char* operation) {
  Step result;
  result.address = address;
  result.operation = operation;
  return result;
}

/// Makes and removes in one step each; "image" makes the new one first.
class PlainType final : public core::ResourceType {
 public:
  PlainType(std::string name, bool makes_first) : makes_first_(makes_first) {
    schema_.type = std::move(name);
  }
  const schema::ResourceSchema& schema() const override { return schema_; }
  const std::vector<model::OperationSpec>& operations() const override { return operations_; }
  model::Identity identity(const schema::ResourceAddress&, const schema::Value&) const override {
    return {};
  }
  schema::Value exports(const schema::ResourceAddress&, const schema::Value&,
                        const model::Identity&) const override {
    return {};
  }
  async::Task<schema::Result<model::ReadOutcome>> read(core::Context, model::Identity,
                                                       const model::Row*) const override {
    co_return model::ReadOutcome(model::Absent());
  }
  std::vector<Step> lower(const model::Change& change) const override {
    return {step(change.address, change.action == Action::remove ? "remove" : "make")};
  }
  std::optional<core::Replacement> lower_replacement(const model::Change& change) const override {
    if (!makes_first_) return std::nullopt;
    return core::Replacement{{step(change.address, "make")}, {step(change.address, "remove")}};
  }
  async::Task<schema::Result<model::Outcome>> run(core::Context, Step) const override {
    co_return model::Outcome();
  }
  async::Task<schema::Result<model::Resolution>> resolve(core::Context,
                                                         model::Intent) const override {
    co_return model::Resolution(model::NotDone());
  }

 private:
  schema::ResourceSchema schema_;
  std::vector<model::OperationSpec> operations_;
  bool makes_first_;
};

schema::ResourceAddress address(const std::string& text) { return *schema::parse_address(text); }

/// Changes, and who needs whom, now as before.
class Case {
 public:
  Case() {
    types_.add(std::make_unique<PlainType>("image", true));
    types_.add(std::make_unique<PlainType>("bridge", false));
    types_.add(std::make_unique<PlainType>("vm", false));
  }
  void change(const std::string& who, Action action) {
    model::Change change;
    change.address = address(who);
    change.action = action;
    change.resumes = action == Action::update;  // so that it has work to do
    changes_.push_back(std::move(change));
    graph_.add(address(who));
  }
  void needs(const std::string& who, const std::string& what) {
    graph_.add_edge(graph_.add(address(who)), {graph_.add(address(what)), "after", {}});
    needed(who, what);
  }
  void needed(const std::string& who, const std::string& what) {
    old_[address(who)].push_back(address(what));
  }

  /// Where each step stands when all of it runs in order; fails where that goes in circles.
  std::map<std::string, std::size_t> run() {
    std::sort(changes_.begin(), changes_.end(),
              [](const auto& a, const auto& b) { return a.address < b.address; });
    const auto order = graph_.topological_order();
    REQUIRE(order);
    const std::vector<engine::Wave> waves;
    const auto steps = engine::order_steps({changes_, graph_, *order, old_, types_, waves});
    std::map<std::string, std::size_t> places;
    std::vector<bool> done(steps.size(), false);
    for (std::size_t place = 0; place < steps.size(); ++place) {
      const auto next = std::find_if(steps.begin(), steps.end(), [&](const Step& each) {
        return !done[each.id] && std::all_of(each.dependencies.begin(), each.dependencies.end(),
                                             [&](Step::Id id) { return done[id]; });
      });
      REQUIRE(next != steps.end());
      done[next->id] = true;
      places[next->operation + " " + next->address.text()] = place;
    }
    return places;
  }

 private:
  core::TypeRegistry types_;
  std::vector<model::Change> changes_;
  ResourceGraph graph_;
  std::map<schema::ResourceAddress, std::vector<schema::ResourceAddress>> old_;
};

}  // namespace

TEST_CASE("a replacement that can makes the new one, lets its users change, then removes") {
  Case the;
  the.change("image.i", Action::replace);
  the.change("vm.user", Action::update);
  the.change("vm.leaves", Action::remove);
  the.needs("vm.user", "image.i");
  the.needed("vm.leaves", "image.i");
  auto at = the.run();
  CHECK(at["make image.i"] < at["make vm.user"]);
  CHECK(at["make vm.user"] < at["remove image.i"]);
  CHECK(at["remove vm.leaves"] < at["remove image.i"]);
}

TEST_CASE("a replacement that cannot removes the old one first, behind its users' old halves") {
  Case the;
  the.change("bridge.b", Action::replace);
  the.change("vm.user", Action::replace);
  the.needs("vm.user", "bridge.b");
  auto at = the.run();
  CHECK(at["remove vm.user"] < at["remove bridge.b"]);
  CHECK(at["remove bridge.b"] < at["make bridge.b"]);
  CHECK(at["make bridge.b"] < at["make vm.user"]);
}

TEST_CASE("replacements of both kinds that need each other do not wait in a circle") {
  Case the;
  the.change("bridge.b", Action::replace);
  the.change("image.i", Action::replace);
  the.change("vm.user", Action::update);
  the.needs("image.i", "bridge.b");
  the.needs("vm.user", "image.i");
  the.needs("vm.user", "bridge.b");
  auto at = the.run();
  CHECK(at["make bridge.b"] < at["make image.i"]);
  CHECK(at["make image.i"] < at["make vm.user"]);
  CHECK(at["make vm.user"] < at["remove image.i"]);
}

TEST_CASE("what a leaving object needed goes after it, whichever way others are replaced") {
  Case the;
  the.change("bridge.b", Action::remove);
  the.change("image.i", Action::replace);
  the.needed("image.i", "bridge.b");
  auto at = the.run();
  CHECK(at["make image.i"] < at["remove image.i"]);
  CHECK(at["remove image.i"] < at["remove bridge.b"]);
}
