#include "providers/pve/client/server_time.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/step_support.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::pve {
namespace {

using schema::Value;

/// How long something was waited for, by the server's clock; a look without one counts 2 s.
class Waited {
 public:
  void look(const std::string& server_time) {
    const auto now = epoch_from_rfc3339(server_time);
    if (now && !began_) began_ = *now;
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
  heard.last = "the server says: " + answer.error().message;
  heard.hopeless = no_use_to_wait(answer.error(), guest.vmid);
  co_return heard;
}

/// The first address that others can reach, as the agent tells them; empty when it tells none.
std::string reachable_address(const Value& data) {
  const auto* list = member(data, "result");
  if (list == nullptr || list->kind() != Value::Kind::list) return {};
  for (const auto& nic : list->as_list()) {
    const auto* addresses = member(nic, "ip-addresses");
    if (addresses == nullptr || addresses->kind() != Value::Kind::list) continue;
    for (const auto& each : addresses->as_list()) {
      const auto text = text_of(each, "ip-address");
      const bool local = text.starts_with("127.") || text.starts_with("169.254.");
      if (text_of(each, "ip-address-type") == "ipv4" && !local) return text;
    }
  }
  return {};
}

/// At the address that the topology states, else at the one that the agent tells.
async::Task<Heard> ask_ssh(core::Context context, Guest guest, std::string address) {
  constexpr int kPort = 22;
  Heard heard;
  if (address.empty()) {
    auto nics =
        co_await context.read(guest_path(guest.node, guest.vmid, "/agent/network-get-interfaces"));
    heard.server_time = server_time_of(nics);
    if (nics) address = reachable_address(nics->data);
    heard.last =
        nics ? "its agent tells no address yet"
             : "its address is not known, and its agent does not tell it: " + nics.error().message;
    if (!nics) heard.hopeless = no_use_to_wait(nics.error(), guest.vmid);
    if (address.empty()) co_return heard;
  }
  auto line = co_await context.greeting(address, kPort, std::chrono::seconds(5));
  heard.answered = line && line->starts_with("SSH-");
  if (heard.answered) co_return heard;
  heard.last = fmt::format("{}:{}: {}", address, kPort,
                           line ? "what answers there is no SSH server" : line.error());
  co_return heard;
}

}  // namespace

async::Task<RunResult> run_wait(core::Context context, model::Step step) {
  const auto* held = context.row(step.address);
  auto guest = co_await load_ours(context, held);
  if (!guest) co_return std::unexpected(guest.error());
  const model::Row before = *held;
  const auto seconds = integer_of(step.arguments, "timeout");
  const bool ssh = text_of(step.arguments, "for") == "ssh";
  const std::string whom = ssh ? "SSH server" : "guest agent";
  const auto address = text_of(before.exported, "ip");
  context.progress("waiting for the " + whom);
  for (Waited waited;;) {
    auto question = ssh ? ask_ssh(context, *guest, address) : ask_agent(context, *guest);
    auto heard = co_await question;
    if (heard.answered) co_return stored(row_after(before, step.arguments));
    waited.look(heard.server_time);
    auto problem = heard.hopeless;
    if (problem.empty() && waited.is_over(seconds)) {
      problem = fmt::format(
          "The {} of {} has not answered in {} s ({}). The guest stays up, and what needs it was "
          "not "
          "begun. Look at its console; apply again waits again.",
          whom, guest->vmid, seconds, heard.last);
    }
    if (!problem.empty())
      co_return std::unexpected(
          step_failed(step.address, "The guest does not answer", std::move(problem)));
    co_await context.pause(SettleClock::kPause);
  }
}

}  // namespace pveplan::pve
