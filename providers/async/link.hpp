#pragma once

#include <utility>

namespace pveplan::async::detail {

/// Membership in one List. Leaves its list when destroyed, so that whatever waits somewhere can be
/// dropped at any time in constant time.
class Link {
 public:
  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link() { unlink(); }

  bool linked() const { return next_ != nullptr; }
  void unlink() {
    if (!linked()) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = nullptr;
  }

 private:
  template <typename T>
  friend class List;
  Link* previous_ = nullptr;
  Link* next_ = nullptr;
};

/// A queue of elements that it does not own; `T` derives from Link. Order of arrival.
template <typename T>
class List {
 public:
  List() { head_.previous_ = head_.next_ = &head_; }
  List(const List&) = delete;
  List& operator=(const List&) = delete;
  ~List() {
    while (!empty()) head_.next_->unlink();
  }

  bool empty() const { return head_.next_ == &head_; }
  T& front() { return *static_cast<T*>(head_.next_); }

  /// Moves the element here from wherever it was.
  void push_back(T& element) {
    Link& link = element;
    link.unlink();
    link.previous_ = head_.previous_;
    link.next_ = &head_;
    head_.previous_->next_ = &link;
    head_.previous_ = &link;
  }

  T& pop_front() {
    T& first = front();
    static_cast<Link&>(first).unlink();
    return first;
  }

 private:
  Link head_;
};

}  // namespace pveplan::async::detail
