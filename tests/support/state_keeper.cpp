#include "tests/support/state_keeper.hpp"

#include "schema/json.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cctype>

namespace pveplan::sim {
namespace {

/// Written here once more, so that client and server cannot agree on a mistake.
std::string md5_of(const std::string& body) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(body.data(), body.size(), digest, &size, EVP_md5(), nullptr);
  std::string text(32, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), digest,
                                     static_cast<int>(size));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::string header_of(const async::HttpRequest& request, const std::string& wanted) {
  for (const auto& [name, value] : request.headers) {
    const bool same = std::equal(
        name.begin(), name.end(), wanted.begin(), wanted.end(),
        [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
    if (same) return value;
  }
  return {};
}

std::string path_of(const std::string& url) {
  const auto begin = url.find('/', url.find("://") + 3);
  return begin == std::string::npos ? "/" : url.substr(begin);
}

std::string id_in(const std::string& json) {
  const auto value = schema::parse_json(json);
  const auto* id = value && value->has_fields() ? value->find("ID") : nullptr;
  return id != nullptr && id->is_string() ? id->as_string() : "";
}

SimAnswer with_status(int status, std::string body = {}) {
  SimAnswer answer;
  answer.status = status;
  answer.reason = status < 300 ? "OK" : "Not so";
  answer.body = std::move(body);
  return answer;
}

bool locks(const async::HttpRequest& request) {
  return request.method == "LOCK" ||
         (request.method == "POST" && request.url.find("/lock") != std::string::npos);
}
bool unlocks(const async::HttpRequest& request) {
  return request.method == "UNLOCK" ||
         (request.method == "DELETE" && request.url.find("/lock") != std::string::npos);
}

}  // namespace

std::string StateKeeper::lock_id() const { return lock ? id_in(*lock) : std::string(); }

void StateKeeper::judge(const async::HttpRequest& request) {
  const auto complain = [&](const std::string& what) {
    complaints.push_back(request.method + " " + path_of(request.url) + ": " + what);
  };
  const auto type = header_of(request, "Content-Type");
  const auto md5 = header_of(request, "Content-MD5");
  if (request.body.empty()) {
    if (!type.empty() || !md5.empty()) complain("headers of a body without a body");
  } else {
    if (type != "application/json") complain("Content-Type is '" + type + "'");
    if (md5 != md5_of(request.body)) complain("Content-MD5 is not that of the body");
  }
  if (!header_of(request, "Expect").empty()) complain("Expect");
  if (request.method != "GET" && !request.writes) complain("may be repeated by the transport");
}

SimAnswer StateKeeper::get() const {
  if (!state) return with_status(empty_status);
  auto answer = with_status(200, *state);
  if (!wrong_md5.empty()) answer.headers.emplace_back("Content-MD5", wrong_md5);
  if (sends_md5) answer.headers.emplace_back("Content-MD5", md5_of(*state));
  return answer;
}

SimAnswer StateKeeper::take(const async::HttpRequest& request) {
  const auto at = request.url.find("ID=");
  const auto id = at == std::string::npos ? std::string() : request.url.substr(at + 3);
  if (asks_for_id && id != lock_id()) return with_status(409, lock.value_or("no such lock"));
  state = request.body;
  ++writes;
  return with_status(save_status);
}

SimAnswer StateKeeper::take_lock(const async::HttpRequest& request) {
  if (lock) return with_status(held_status, held_body.empty() ? *lock : held_body);
  lock = request.body;
  return with_status(200);
}

SimAnswer StateKeeper::free_lock(const async::HttpRequest& request) {
  if (!lock) return with_status(404, "not locked");
  if (id_in(request.body) != lock_id()) return with_status(409, *lock);
  lock.reset();
  return with_status(200);
}

SimAnswer StateKeeper::answer(const async::HttpRequest& request) {
  if (!login.empty() && header_of(request, "Authorization") != login)
    return with_status(login_status);
  if (const int status = trouble ? trouble(request) : 0; status != 0)
    return with_status(status, "out of order");
  if (request.method == "GET") return get();
  if (locks(request)) return take_lock(request);
  if (unlocks(request)) return free_lock(request);
  return take(request);
}

SimAnswer StateKeeper::handle(const async::HttpRequest& request, Time) {
  requests_.push_back(request.method + " " + path_of(request.url));
  judge(request);
  const auto what = fate ? fate(request) : Fate::deliver;
  if (what == Fate::lose_before_effect || what == Fate::refuse) {
    SimAnswer lost;
    lost.fate = what;
    return lost;
  }
  auto result = answer(request);
  result.fate = what;
  return result;
}

}  // namespace pveplan::sim
