#include "providers/async/descriptor_waits.hpp"

#include <algorithm>

namespace pveplan::async {

class DescriptorWaits::Entry {
 public:
  Entry(DescriptorWaits& owner, int fd, bool writing, detail::Waiter& waiter)
      : wanted(fd, writing), waiter_(waiter), owner_(owner) {
    owner_.waits_.push_back(this);
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  ~Entry() {
    if (!done) std::erase(owner_.waits_, this);
  }
  void wake() {
    done = true;
    Loop::current().post(waiter_);
  }

  Wanted wanted;
  bool done = false;

 private:
  detail::Waiter& waiter_;
  DescriptorWaits& owner_;
};

Task<void> DescriptorWaits::wait(int fd, bool writing) {
  detail::Waiter& self = co_await detail::ThisWaiter();
  Entry entry(*this, fd, writing, self);
  while (!entry.done) co_await detail::Suspend();
}

Task<void> DescriptorWaits::readable(int fd) { return wait(fd, false); }

Task<void> DescriptorWaits::writable(int fd) { return wait(fd, true); }

std::vector<DescriptorWaits::Wanted> DescriptorWaits::wanted() const {
  std::vector<Wanted> all;
  all.reserve(waits_.size());
  for (const Entry* entry : waits_) all.push_back(entry->wanted);
  return all;
}

void DescriptorWaits::ready(int fd, bool writing) {
  std::erase_if(waits_, [fd, writing](Entry* entry) {
    const bool matches = entry->wanted.fd == fd && entry->wanted.writing == writing;
    if (matches) entry->wake();
    return matches;
  });
}

}  // namespace pveplan::async
