#pragma once
// What reactors tell each other.
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

using Text = std::shared_ptr<const std::string>;

struct Letter {
    uint64_t client; // who said it, or who has come
    Text text;       // empty: a client has come
    int fd;
};

class Mailbox {
public:
    bool open();
    ~Mailbox();
    int fd() const { return bell_; }
    void put(Letter letter);
    void ring();
    std::vector<Letter> empty();

private:
    int bell_ = -1;
    std::mutex mutex_;
    std::vector<Letter> letters_;
};
