#include "engine/step_context.hpp"

#include "providers/async/event.hpp"
#include "providers/async/retry.hpp"
#include "providers/async/sleep.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace pveplan::engine {

using core::ApiFailure;
using core::ApiResult;
using core::WriteResult;

namespace {

core::ApiError no_connection() {
  core::ApiError error;
  error.failure = ApiFailure::not_sent;
  error.request = "request";
  error.message = "the topology has no [proxmox] table to say where the cluster is";
  return error;
}

}  // namespace

struct SharedReads::Entry {
  async::Event answered;
  std::optional<ApiResult> result;
};

async::Task<ApiResult> SharedReads::get(std::string path, core::Parameters query) {
  std::string key = path;
  for (const auto& [name, value] : query) key += "&" + name + "=" + value;
  const auto [at, first] = entries_.try_emplace(key, nullptr);
  if (first) at->second = std::make_shared<Entry>();
  const auto entry = at->second;
  if (!first) {
    co_await entry->answered.wait();
    co_return *entry->result;
  }
  auto result = co_await api_->get(std::move(path), std::move(query));
  entry->result = result;
  entry->answered.set();
  co_return result;
}

ReadContext::ReadContext(const Services& services, const model::ClusterFacts& cluster,
                         const state::StateFile& state, std::string topology, SharedReads* shared)
    : services_(services),
      cluster_(cluster),
      state_(state),
      topology_(std::move(topology)),
      shared_(shared) {}

async::Task<ApiResult> ReadContext::read(std::string path, core::Parameters query) {
  if (services_.api == nullptr) co_return std::unexpected(no_connection());
  auto result = co_await services_.api->get(std::move(path), std::move(query));
  co_return result;
}

async::Task<ApiResult> ReadContext::read_shared(std::string path, core::Parameters query) {
  if (services_.api == nullptr) co_return std::unexpected(no_connection());
  if (shared_ == nullptr) {
    auto result = co_await services_.api->get(std::move(path), std::move(query));
    co_return result;
  }
  auto result = co_await shared_->get(std::move(path), std::move(query));
  co_return result;
}

async::Task<WriteResult> ReadContext::write(core::Write) {
  throw std::logic_error("a provider wrote outside of a step");
  co_return WriteResult();
}

async::Task<core::TaskEnd> ReadContext::wait_for_task(std::string upid) {
  auto end = co_await services_.tasks->wait(std::move(upid), this);
  co_return end;
}

async::Task<core::TaskEnd> ReadContext::look_at_task(std::string upid) {
  auto end = co_await services_.tasks->look(std::move(upid));
  co_return end;
}

async::Task<void> ReadContext::pause(std::chrono::milliseconds duration) {
  co_await async::sleep_for(duration);
}

async::Task<std::expected<std::string, std::string>> ReadContext::greeting(
    std::string address, int port, std::chrono::milliseconds patience) {
  auto heard = co_await services_.host.dialer.greeting(std::move(address), port, patience);
  co_return heard;
}

async::Task<std::expected<void, std::string>> ReadContext::connect(
    std::string address, int port, std::chrono::milliseconds patience) {
  auto connected = co_await services_.host.dialer.connect(std::move(address), port, patience);
  co_return connected;
}

std::vector<const model::Row*> ReadContext::rows_of(std::string_view type) const {
  std::vector<const model::Row*> found;
  for (const auto& [address, row] : state_.rows) {
    if (address.type == type) found.push_back(&row);
  }
  return found;
}

void ReadContext::progress(std::string) {}
void ReadContext::silent(const std::string& text) { progress(text); }
void ReadContext::percent(int percent) { progress(fmt::format("{} %", percent)); }

StepContext::StepContext(const Services& services, const model::ClusterFacts& cluster,
                         state::Session& session, std::string topology, const model::Step& step)
    : ReadContext(services, cluster, session.state(), std::move(topology), nullptr),
      session_(session),
      step_(step),
      nonce_(services.host.random.hex(8)) {}

void StepContext::progress(std::string text) { services_.events.step_progress(step_, text); }

async::Task<schema::Result<std::string>> StepContext::secret(std::string path) {
  if (services_.secrets == nullptr) {
    auto missing = co_await ReadContext::secret(std::move(path));
    co_return missing;
  }
  auto text = co_await services_.secrets->text(step_.address.text(), std::move(path));
  co_return text;
}

async::Task<schema::Result<void>> StepContext::open_intent(schema::Value remember) {
  if (intent_) co_return schema::Result<void>();
  model::Intent intent;
  intent.address = step_.address;
  intent.operation = step_.operation;
  intent.arguments = step_.arguments;
  if (!remember.is_null())
    intent.arguments = intent.arguments.with(schema::Path({"remember"}), std::move(remember));
  intent.nonce = nonce_;
  intent.server_time = services_.api->server_time();
  auto opened = session_.open_intent(std::move(intent));
  if (!opened) co_return std::unexpected(opened.error());
  intent_ = *opened;
  auto announced = co_await session_.announced();
  co_return announced;
}

model::Intent StepContext::as_last_sent(model::Intent intent) const {
  intent.server_time = sent_at_;
  intent.upid = upid_;
  return intent;
}

async::Task<WriteResult> StepContext::write(core::Write write) {
  WriteResult result;
  auto opened = co_await open_intent(write.remember);
  if (!opened) {
    journal_failed_ = true;
    result.status = WriteResult::Status::failed;
    result.error.request = write.request.method + " " + write.request.path;
    result.error.message = opened.error().detail;
    co_return result;
  }
  sent_at_ = services_.api->server_time();
  upid_.clear();
  silence_.clear();
  failure_.reset();
  auto request = write.request;
  for (const auto& parameter : write.secret_parameters) request.parameters.push_back(parameter);
  auto answer = co_await send(std::move(request));
  if (!answer) {
    result.error = answer.error();
    failure_ = result.error.failure;
    unknown_ = result.error.failure == ApiFailure::unknown_outcome;
    result.status = unknown_ ? WriteResult::Status::unknown : WriteResult::Status::failed;
    co_return result;
  }
  if (write.forks_task && answer->data.is_string()) {
    result = co_await wait_for_end(std::move(*answer));
    result.error.request = write.request.method + " " + write.request.path;
    co_return result;
  }
  result.status = WriteResult::Status::done;
  result.data = answer->data;
  co_return result;
}

/// `timeouts.lock` of the resource, where it is stated.
std::chrono::milliseconds StepContext::lock_patience() const {
  const auto* held = row(step_.address);
  const std::chrono::milliseconds patience = engine::lock_patience(
      step_.arguments.find("after"), held == nullptr ? nullptr : &held->owned);
  if (patience_ == nullptr) return patience;
  return std::min(patience,
                  std::chrono::duration_cast<std::chrono::milliseconds>(patience_->rest()));
}

/// Repeats only what certainly had no effect: what never left, and what met a lock (DEFINITIONS 8).
async::Task<ApiResult> StepContext::send(core::ApiRequest request) {
  using std::chrono::milliseconds;
  async::Backoff unsent(
      async::doubling_delays(milliseconds(500), milliseconds(8000), milliseconds(30'000)));
  async::Backoff file_lock(
      async::doubling_delays(milliseconds(1000), milliseconds(15'000), milliseconds(300'000)));
  async::Backoff guest_lock(
      async::doubling_delays(milliseconds(1000), milliseconds(5000), lock_patience()));
  for (;;) {
    auto copy = request;
    auto answer = co_await services_.api->send(std::move(copy));
    if (answer) co_return answer;
    bool again = false;
    if (answer.error().failure == ApiFailure::not_sent) {
      again = co_await unsent.wait();
    } else if (answer.error().failure == ApiFailure::lock_timeout) {
      progress("waiting: " + answer.error().message);
      again = co_await file_lock.wait();
    } else if (answer.error().failure == ApiFailure::guest_locked) {
      progress("waiting: " + answer.error().message);
      again = co_await guest_lock.wait();
    }
    if (!again) co_return answer;
  }
}

/// nullopt: the task still ran when the time was over.
async::Task<std::optional<core::TaskEnd>> StepContext::wait_within_limit(std::string upid) {
  if (patience_ == nullptr) {
    auto end = co_await wait_for_task(std::move(upid));
    co_return std::optional<core::TaskEnd>(std::move(end));
  }
  auto end = co_await async::with_timeout(wait_for_task(std::move(upid)), patience_->rest());
  co_return end;
}

async::Task<WriteResult> StepContext::wait_for_end(core::ApiAnswer answer) {
  WriteResult result;
  result.data = answer.data;
  result.upid = answer.data.as_string();
  upid_ = result.upid;
  session_.started(*intent_, result.upid);
  services_.events.task_started(step_, result.upid);
  auto waited = co_await wait_within_limit(result.upid);
  if (!waited) {
    result.status = WriteResult::Status::unknown;
    unknown_ = true;
    silence_ = fmt::format("{} is over, and the task {} still runs on the server",
                           patience_->text(), result.upid);
    co_return result;
  }
  const auto end = std::move(*waited);
  switch (end.state) {
    case core::TaskEnd::State::ok:
      result.status = WriteResult::Status::done;
      break;
    case core::TaskEnd::State::warnings:
      result.status = WriteResult::Status::done;
      result.warnings = true;
      break;
    case core::TaskEnd::State::failed:
      result.status = WriteResult::Status::failed;
      result.error.message = end.exit_status;
      for (const auto& line : end.last_lines) result.log_excerpt += line + "\n";
      break;
    case core::TaskEnd::State::running:
    case core::TaskEnd::State::unknown:
      result.status = WriteResult::Status::unknown;
      unknown_ = true;
      if (!end.silence.empty())
        silence_ = fmt::format("{} while the task {} ran", end.silence, result.upid);
      break;
  }
  co_return result;
}

}  // namespace pveplan::engine
