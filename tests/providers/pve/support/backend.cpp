#include "tests/providers/pve/support/backend.hpp"

namespace pveplan::pve::test {

using Status = core::WriteResult::Status;
using State = core::TaskEnd::State;

void PlainBackend::begin(const model::Step& step) {
  nonce_value = "nonce" + std::to_string(++steps_);
  intent_ = model::Intent();
  intent_.address = step.address;
  intent_.operation = step.operation;
  intent_.arguments = step.arguments;
  intent_.nonce = nonce_value;
  unknown_ = false;
}

async::Task<core::WriteResult> PlainBackend::write(core::Write write) {
  core::WriteResult result;
  if (intent_.server_time.empty()) intent_.server_time = api_.server_time();
  if (!write.remember.is_null() && intent_.arguments.has_fields())
    intent_.arguments = intent_.arguments.with(schema::Path({"remember"}), write.remember);
  auto answer = co_await api_.send(write.request);
  if (!answer) {
    result.error = answer.error();
    const bool unknown = result.error.failure == core::ApiFailure::unknown_outcome;
    result.status = unknown ? Status::unknown : Status::failed;
    unknown_ = unknown;
    co_return result;
  }
  result.status = Status::done;
  result.data = answer->data;
  if (!write.forks_task) co_return result;
  result.upid = intent_.upid = answer->data.as_string();
  auto end = co_await tasks_.wait(result.upid, nullptr);
  result.warnings = end.state == State::warnings;
  if (end.state == State::ok || end.state == State::warnings) co_return result;
  result.status = end.state == State::failed ? Status::failed : Status::unknown;
  unknown_ = result.status == Status::unknown;
  result.error.request = write.request.method + " " + write.request.path;
  result.error.message = end.exit_status;
  for (const auto& line : end.last_lines) result.log_excerpt += line + "\n";
  co_return result;
}

}  // namespace pveplan::pve::test
