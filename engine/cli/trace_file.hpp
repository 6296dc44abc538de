#pragma once

#include "providers/async/host.hpp"
#include "providers/pve/client/client.hpp"

#include <memory>
#include <string>

namespace pveplan::cli {

/// `--trace FILE`: a line for each exchange; the client has masked all secrets before.
class TraceFile final : public pve::TraceSink {
 public:
  /// An empty name means no trace.
  TraceFile(async::Files& files, const std::string& name) {
    if (name.empty()) return;
    if (auto file = files.open_append(name, 0600)) file_ = std::move(*file);
  }
  pve::TraceSink* sink() { return file_ ? this : nullptr; }
  void trace(std::string line) override { (void)file_->append(line + "\n"); }

 private:
  std::unique_ptr<async::AppendFile> file_;
};

}  // namespace pveplan::cli
