#include "tests/support/lab_service.hpp"

#include <tuple>
#include <utility>

namespace pveplan::sim {
namespace {

Fate fate_of(lab::Disposition disposition) {
  switch (disposition) {
    case lab::Disposition::send:
      return Fate::deliver;
    case lab::Disposition::refuse:
      return Fate::refuse;
    case lab::Disposition::close_before_effect:
      return Fate::lose_before_effect;
    case lab::Disposition::close_after_effect:
    case lab::Disposition::cut:
      return Fate::lose_after_effect;
  }
  return Fate::deliver;
}

/// Path and query of a URL, still encoded.
std::pair<std::string, std::string> target_of(const std::string& url) {
  const auto scheme = url.find("://");
  const auto path = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  if (path == std::string::npos) return {"/", ""};
  const auto question = url.find('?', path);
  if (question == std::string::npos) return {url.substr(path), ""};
  return {url.substr(path, question - path), url.substr(question + 1)};
}

}  // namespace

SimAnswer LabService::handle(const async::HttpRequest& request, Time now) {
  core_.advance(now);
  lab::Request asked;
  asked.method = request.method;
  std::tie(asked.path, asked.query) = target_of(request.url);
  asked.headers = request.headers;
  asked.body = request.body;
  asked.node = node_;
  requests_.push_back(asked.method + " " + asked.path);
  asked.connection = ++connections_;
  lab::Answer given = core_.handle(asked);
  SimAnswer answer;
  answer.status = given.status;
  answer.reason = std::move(given.reason);
  answer.headers = std::move(given.headers);
  answer.body = std::move(given.body);
  answer.ready_at = given.not_before;
  answer.fate = fate_of(given.disposition);
  return answer;
}

}  // namespace pveplan::sim
