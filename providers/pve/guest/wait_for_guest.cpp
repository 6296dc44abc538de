#include "providers/pve/client/server_time.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/step_support.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace pveplan::pve {
namespace {

using schema::Value;

/// How long something was waited for, by the server's clock; a look without one counts 2 s.
class Waited {
 public:
  void look(const std::string& server_time) {
    const auto now = epoch_from_rfc3339(server_time);
    if (!began_) began_ = now;
    if (now) by_clock_ = *now - *began_;
    ++looks_;
  }
  bool is_over(std::int64_t seconds) const {
    return std::max(by_clock_, 2 * (looks_ - 1)) >= seconds;
  }

 private:
  std::optional<std::int64_t> began_;
  std::int64_t by_clock_ = 0;
  std::int64_t looks_ = 0;
};

/// What was heard of the guest so far.
class Heard {
 public:
  Heard() {}
  bool answered = false;
  std::string hopeless;     ///< why no waiting helps; empty for what may still come
  std::string last;         ///< what was said instead of an answer
  std::string server_time;  ///< of the last look at the API
};

std::string no_use_to_wait(const core::ApiError& error, std::int64_t vmid) {
  if (error.message.find("No QEMU guest agent configured") != std::string::npos)
    return fmt::format(
        "{} has no guest agent device, so nothing can answer. Write agent = true, or take "
        "\"agent\" "
        "out of wait.",
        vmid);
  if (error.failure == core::ApiFailure::forbidden)
    return fmt::format(
        "The token may not ask the agent of {}: it lacks VM.GuestAgent.Audit (before Proxmox VE 9: "
        "VM.Monitor) on /vms/{}.",
        vmid, vmid);
  return {};
}

/// Every question to the agent begins with a guest-ping (FACTS 12.1); this one is a read.
async::Task<Heard> ask_agent(core::Context context, Guest guest) {
  auto answer = co_await context.read(guest_path(guest.node, guest.vmid, "/agent/info"));
  Heard heard;
  heard.answered = answer.has_value();
  heard.server_time = server_time_of(answer);
  if (heard.answered) co_return heard;
  heard.last = "the server says: " + answer.error().words();
  heard.hopeless = no_use_to_wait(answer.error(), guest.vmid);
  co_return heard;
}

/// The addresses that others can reach, as the agent tells them.
std::vector<std::string> reachable_addresses(const Value& data) {
  std::vector<std::string> found;
  const auto* list = member(data, "result");
  if (list == nullptr || list->kind() != Value::Kind::list) return found;
  for (const auto& nic : list->as_list()) {
    const auto* addresses = member(nic, "ip-addresses");
    if (addresses == nullptr || addresses->kind() != Value::Kind::list) continue;
    for (const auto& each : addresses->as_list()) {
      auto text = text_of(each, "ip-address");
      const bool local = text.starts_with("127.") || text.starts_with("169.254.");
      if (text_of(each, "ip-address-type") == "ipv4" && !local) found.push_back(std::move(text));
    }
  }
  return found;
}

/// Answered when the agent tells an address, or the one that is `stated`.
async::Task<Heard> ask_addresses(core::Context context, Guest guest, std::string stated,
                                 std::string* first) {
  auto nics =
      co_await context.read(guest_path(guest.node, guest.vmid, "/agent/network-get-interfaces"));
  Heard heard;
  heard.server_time = server_time_of(nics);
  if (!nics) {
    heard.last =
        "its address is not known, and its agent does not tell it: " + nics.error().words();
    heard.hopeless = no_use_to_wait(nics.error(), guest.vmid);
    co_return heard;
  }
  const auto told = reachable_addresses(nics->data);
  heard.answered =
      stated.empty() ? !told.empty() : std::find(told.begin(), told.end(), stated) != told.end();
  if (!told.empty() && first != nullptr) *first = told.front();
  if (told.empty()) {
    heard.last = "its agent tells no address yet";
  } else if (!heard.answered) {
    heard.last = fmt::format("its agent tells {}, not {}", fmt::join(told, ", "), stated);
  }
  co_return heard;
}

async::Task<std::expected<void, std::string>> ask_port(core::Context context, std::string address,
                                                       int port, bool ssh) {
  constexpr auto kPatience = std::chrono::seconds(5);
  if (!ssh) {
    auto connected = co_await context.connect(std::move(address), port, kPatience);
    co_return connected;
  }
  const auto line = co_await context.greeting(std::move(address), port, kPatience);
  if (!line) co_return std::unexpected(line.error());
  if (!line->starts_with("SSH-"))
    co_return std::unexpected(std::string("what answers there is no SSH server"));
  co_return std::expected<void, std::string>();
}

/// At the address that the topology states, else at the one that the agent tells.
async::Task<Heard> ask_server(core::Context context, Guest guest, std::string address, int port,
                              bool ssh) {
  Heard heard;
  if (address.empty()) {
    heard = co_await ask_addresses(context, guest, std::string(), &address);
    if (!heard.answered) co_return heard;
  }
  const auto reached = co_await ask_port(context, address, port, ssh);
  heard.answered = reached.has_value();
  if (!reached) heard.last = fmt::format("{}:{}: {}", address, port, reached.error());
  co_return heard;
}

/// What a step waits for: "agent", "ip", "ssh" or "port:N".
class Awaited {
 public:
  Awaited(std::string what, std::string address)
      : what_(std::move(what)), address_(std::move(address)) {}

  async::Task<Heard> ask(core::Context context, Guest guest) const {
    if (what_ == "agent") return ask_agent(context, std::move(guest));
    if (what_ == "ip") return ask_addresses(context, std::move(guest), address_, nullptr);
    return ask_server(context, std::move(guest), address_, port(), what_ == "ssh");
  }
  /// "the guest agent".
  std::string words() const {
    if (what_ == "agent") return "the guest agent";
    if (what_ == "ip") return address_.empty() ? "an address" : "the address " + address_;
    return what_ == "ssh" ? "the SSH server" : fmt::format("port {}", port());
  }
  /// What has not come, as the beginning of a sentence.
  std::string trouble(std::int64_t vmid) const {
    if (what_ == "agent") return fmt::format("The guest agent of {} has not answered", vmid);
    if (what_ == "ip") return fmt::format("{} has not told {}", vmid, words());
    if (what_ == "ssh") return fmt::format("The SSH server of {} has not answered", vmid);
    return fmt::format("Nothing has accepted connections on port {} of {}", port(), vmid);
  }

 private:
  int port() const {
    constexpr int kSsh = 22;
    const auto colon = what_.find(':');
    return colon == std::string::npos ? kSsh : std::stoi(what_.substr(colon + 1));
  }

  std::string what_;
  std::string address_;  ///< as the topology states it; empty where it does not
};

}  // namespace

async::Task<RunResult> run_wait(core::Context context, model::Step step) {
  const auto* held = context.row(step.address);
  auto guest = co_await load_ours(context, held);
  if (!guest) co_return std::unexpected(guest.error());
  const model::Row before = *held;
  const auto seconds = integer_of(step.arguments, "timeout");
  const Awaited awaited(text_of(step.arguments, "for"), text_of(before.exported, "ip"));
  context.progress("waiting for " + awaited.words());
  for (Waited waited;;) {
    auto heard = co_await awaited.ask(context, *guest);
    if (heard.answered) co_return stored(row_after(before, step.arguments));
    waited.look(heard.server_time);
    auto problem = heard.hopeless;
    if (problem.empty() && waited.is_over(seconds)) {
      problem = fmt::format(
          "{} in {} s ({}). The guest stays up, and what needs it was not begun. Look at its "
          "console; apply again waits again.",
          awaited.trouble(guest->vmid), seconds, heard.last);
    }
    if (!problem.empty())
      co_return std::unexpected(
          step_failed(step.address, "The guest does not answer", std::move(problem)));
    co_await context.pause(SettleClock::kPause);
  }
}

}  // namespace pveplan::pve
