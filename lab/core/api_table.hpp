#pragma once

#include "lab/core/failure.hpp"
#include "lab/core/parameter.hpp"
#include "lab/core/permission.hpp"

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pveplan::lab {

struct Call;
using Handler = Reply (*)(Call&);

enum class Method { get, post, put, remove };

std::string_view method_name(Method method);

/// How the lab knows what it does there.
enum class Knowledge { recorded, from_source, assumed };

/// One call of the API.
struct Endpoint {
  Method method = Method::get;
  std::string path;  ///< "/nodes/{node}/network/{iface}"
  Handler handler = nullptr;
  std::vector<Parameter> parameters;
  Permission permission;
  Knowledge knowledge = Knowledge::recorded;
  Since since;
  bool runs_as_root = false;  ///< "protected": handed on to the privileged daemon
  std::string proxy_to;       ///< the parameter that names the node which must answer
  bool tokens_allowed = true;

  Endpoint& takes(std::vector<Parameter> more);
  Endpoint& allowed(Permission rule);
  Endpoint& privileged();
  Endpoint& on_node(std::string parameter = "node");  ///< adds the parameter, too
  Endpoint& only_in(int major);
  Endpoint& no_tokens();
  Endpoint& known(Knowledge how);
};

struct Match {
  const Endpoint* endpoint = nullptr;
  std::map<std::string, std::string> path_parameters;
};

/// All calls of one major version, found by path segments.
class ApiTable {
 public:
  explicit ApiTable(int major) : major_(major) {}

  int major() const { return major_; }
  Endpoint& get(std::string path, Handler handler);
  Endpoint& post(std::string path, Handler handler);
  Endpoint& put(std::string path, Handler handler);
  Endpoint& remove(std::string path, Handler handler);

  /// Drops what the major version does not have; call once after all areas have been added.
  void finish();
  /// nullptr endpoint when no call of that path and method exists.
  Match find(Method method, std::string_view path) const;
  const std::deque<Endpoint>& endpoints() const { return endpoints_; }

 private:
  Endpoint& add(Method method, std::string path, Handler handler);

  int major_;
  std::deque<Endpoint> endpoints_;
  /// Number of segments → (segments, endpoint).
  std::multimap<std::size_t, std::pair<std::vector<std::string>, const Endpoint*>> by_depth_;
};

/// The table of a major version, built at first use.
const ApiTable& api_table(int major);

}  // namespace pveplan::lab
