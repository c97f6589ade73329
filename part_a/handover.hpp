// Bytes from one thread to another that waits in poll(2): a mailbox with a bell.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

#include "common/unique_fd.hpp"

namespace lab {

// A Mailbox lets its taker sleep on a condition variable. This taker has a keyboard to wait for,
// too, and so it sleeps in poll(2): the bell is a descriptor (eventfd(2)). And where a Mailbox is
// full, its giver hangs up; here the giver waits, and TCP passes that on to whoever sends.
class Handover {
  public:
    Handover();

    // Blocks until the bytes handed over before have been taken. False after close().
    bool give(std::string_view bytes);

    // Everything that waits; never blocks. Silences the bell.
    std::string take();

    // What waits can still be taken. Rings the bell.
    void close();

    // close() was called and everything has been taken.
    bool over();

    // Readable when take() or over() has news.
    int bell() const { return bell_.get(); }

  private:
    void ring() const;

    const UniqueFd bell_;
    std::mutex mutex_;
    std::condition_variable taken_;
    std::string waiting_;  // these two are protected by mutex_
    bool closed_ = false;
};

}  // namespace lab
