#include "providers/pve/client/redactor.hpp"

#include <algorithm>

namespace pveplan::pve {

void Redactor::add(std::string secret) {
  const bool known = std::find(secrets_.begin(), secrets_.end(), secret) != secrets_.end();
  if (secret.empty() || known) return;
  secrets_.push_back(std::move(secret));
  std::stable_sort(secrets_.begin(), secrets_.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::string Redactor::clean(std::string text) const {
  for (const auto& secret : secrets_) {
    for (auto at = text.find(secret); at != text.npos; at = text.find(secret, at + kMask.size())) {
      text.replace(at, secret.size(), kMask);
    }
  }
  return text;
}

bool Redactor::is_secret_parameter(std::string_view name) {
  return name.find("password") != name.npos || name == "secret" || name == "encryption-key" ||
         name == "otp";
}

}  // namespace pveplan::pve
