#include "broker/fetch_wait.h"

namespace odradek::broker {

void WaitLink::unlink() {
  if (list == nullptr) return;
  if (previous != nullptr) previous->next = next;
  if (next != nullptr) next->previous = previous;
  if (list->first_ == this) list->first_ = next;
  list = nullptr;
  previous = next = nullptr;
}

void FetchWait::watch(WaitList& list) {
  WaitLink& link = links_.emplace_back();
  link.wait = this;
  link.list = &list;
  link.next = list.first_;
  if (list.first_ != nullptr) list.first_->previous = &link;
  list.first_ = &link;
}

void FetchWait::leave() {
  for (WaitLink& link : links_) link.unlink();
  links_.clear();
  woken_ = false;
}

WaitList::~WaitList() {
  while (first_ != nullptr) first_->unlink();
}

void WaitList::bytes_arrived(int64_t bytes, ReadyFetches& ready) {
  for (WaitLink* link = first_; link != nullptr; link = link->next) {
    FetchWait& wait = *link->wait;
    wait.missing_bytes_ -= bytes;
    if (wait.missing_bytes_ > 0 || wait.woken_) continue;
    wait.woken_ = true;
    ready.push_back(&wait);
  }
}

void WaitList::wake_all(ReadyFetches& ready) {
  for (WaitLink* link = first_; link != nullptr; link = link->next) {
    if (link->wait->woken_) continue;
    link->wait->woken_ = true;
    ready.push_back(link->wait);
  }
}

}  // namespace odradek::broker
