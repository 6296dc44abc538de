#pragma once

#include "tests/support/sim_transport.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::sim {

/// A server that keeps one state, written from the protocol's table and from what such servers are
/// known to do wrong. It judges every request: `complaints` must stay empty.
class StateKeeper : public SimService {
 public:
  std::optional<std::string> state;
  std::optional<std::string> lock;  ///< the lock info that holds it, as it came

  bool asks_for_id = true;  ///< a write needs the id of the held lock
  int empty_status = 404;   ///< of a GET without a state: 404, 204, or 200 with nothing
  int held_status = 423;    ///< or 409
  std::string held_body;    ///< instead of the holder's lock info
  bool sends_md5 = false;
  std::string wrong_md5;  ///< instead of the right one
  std::string login;      ///< "Basic …" that each request must carry
  int login_status = 401;
  int save_status = 200;
  /// Decides what else goes wrong with a request; 0 for nothing, else the status to answer.
  std::function<int(const async::HttpRequest&)> trouble;
  /// What becomes of the answer.
  std::function<Fate(const async::HttpRequest&)> fate;

  SimAnswer handle(const async::HttpRequest& request, Time now) override;

  const std::vector<std::string>& requests() const { return requests_; }  ///< "LOCK /t/lock"
  std::vector<std::string> complaints;
  std::string lock_id() const;
  std::size_t writes = 0;  ///< that had an effect

 private:
  void judge(const async::HttpRequest& request);
  SimAnswer answer(const async::HttpRequest& request);
  SimAnswer get() const;
  SimAnswer take(const async::HttpRequest& request);
  SimAnswer take_lock(const async::HttpRequest& request);
  SimAnswer free_lock(const async::HttpRequest& request);

  std::vector<std::string> requests_;
};

}  // namespace pveplan::sim
