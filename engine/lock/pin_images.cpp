#include "engine/lock/pin_images.hpp"

#include "engine/choose/schema_walk.hpp"
#include "engine/lock/checksum_list.hpp"

#include <fmt/format.h>

#include <charconv>

namespace pveplan::engine {

using async::Delivery;
using schema::Resource;

namespace {

constexpr int kMostRedirects = 5;

std::string file_name(const std::string& url) {
  const auto end = std::min(url.find_first_of("?#"), url.size());
  const auto slash = url.rfind('/', end);
  return slash == url.npos ? url.substr(0, end) : url.substr(slash + 1, end - slash - 1);
}

/// Where a redirect leads: whole addresses, and such that begin with a slash.
std::string target_of(const std::string& url, const std::string& location) {
  if (!location.starts_with('/')) return location;
  const auto host = url.find("://");
  if (host == url.npos) return location;
  return url.substr(0, url.find('/', host + 3)) + location;
}

struct Answer {
  Answer() {}
  std::string problem;  ///< not empty: a sentence without its end
  async::HttpReply reply;
};

/// A GET that follows redirects, since publishers send their readers to mirrors.
async::Task<Answer> get(async::Transport* transport, std::string url, std::string range) {
  Answer answer;
  for (int i = 0; i <= kMostRedirects; ++i) {
    async::HttpRequest request;
    request.url = url;
    request.label = "GET " + url;
    if (!range.empty()) request.headers.emplace_back("Range", range);
    auto reply = co_await transport->exchange(std::move(request));
    if (reply.delivery != Delivery::answered) {
      answer.problem = fmt::format("{} cannot be reached: {}", url, reply.error);
      co_return answer;
    }
    const auto location = reply.header("location");
    if (reply.status / 100 == 3 && location) {
      url = target_of(url, *location);
      continue;
    }
    if (reply.status / 100 != 2)
      answer.problem = fmt::format("{} answers {} {}", url, reply.status, reply.reason);
    answer.reply = std::move(reply);
    co_return answer;
  }
  answer.problem = fmt::format("{} leads from one redirect to the next", url);
  co_return answer;
}

/// Of "bytes 0-3/358400", or of the whole length where the server knows no ranges.
std::int64_t whole_size(const async::HttpReply& reply) {
  auto text = reply.header("content-range").value_or("");
  text = text.substr(text.find('/') == text.npos ? text.size() : text.find('/') + 1);
  if (text.empty() && reply.status == 200) text = reply.header("content-length").value_or("");
  std::int64_t size = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), size);
  return code == std::errc() && end == text.data() + text.size() ? size : 0;
}

std::string format_of(std::string_view beginning) {
  if (beginning.size() < 4) return {};
  if (beginning.starts_with("QFI\xfb")) return "qcow2";
  if (beginning.starts_with("KDMV")) return "vmdk";
  return "raw";
}

class Pinner {
 public:
  explicit Pinner(async::Transport& transport) : transport_(transport) {}

  async::Task<void> pin(const Resource* image) {
    schema::Pin pin;
    pin.url = text_at(image->attributes, "url");
    if (pin.url.empty()) co_return;
    pin.checksum = text_at(image->attributes, "checksum");
    const auto list = text_at(image->attributes, "checksum_url");
    if (!list.empty()) {
      auto answer = co_await get(&transport_, list, "");
      if (!answer.problem.empty()) {
        add(image, "Checksums not available", answer.problem + ".", "checksum_url");
        co_return;
      }
      const auto found = find_checksum(answer.reply.body, file_name(pin.url));
      if (!found) {
        add(image, "Checksum not listed",
            fmt::format("{} holds no checksum of {}.", list, file_name(pin.url)), "checksum_url");
        co_return;
      }
      pin.checksum = *found;
    }
    auto beginning = co_await get(&transport_, pin.url, "bytes=0-3");
    if (!beginning.problem.empty()) {
      add(image, "Image not available", beginning.problem + ".", "url");
      co_return;
    }
    pin.size = whole_size(beginning.reply);
    pin.format = format_of(beginning.reply.body);
    result.pins.emplace(image->address.name, std::move(pin));
  }

  Pinned result;

 private:
  void add(const Resource* image, std::string summary, std::string detail, const char* attribute) {
    auto diagnostic = schema::error(std::move(summary), std::move(detail),
                                    image->span_of(schema::Path({attribute})));
    diagnostic.address = image->address;
    result.diagnostics.add(std::move(diagnostic));
  }

  async::Transport& transport_;
};

}  // namespace

async::Task<Pinned> pin_images(async::Transport& transport, const schema::Topology& topology) {
  Pinner pinner(transport);
  std::set<std::string> done;
  for (const auto& resource : topology.resources) {
    if (resource.address.type != "image" || !done.insert(resource.address.name).second) continue;
    co_await pinner.pin(&resource);
  }
  co_return std::move(pinner.result);
}

}  // namespace pveplan::engine
