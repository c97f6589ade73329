// A running libproactor and its clients, for the tests of its C interface.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "common/error.hpp"
#include "common/socket.hpp"
#include "common/unique_fd.hpp"
#include "part_b/proactor.h"

namespace lab::testing {

class Client {
  public:
    explicit Client(int port) : fd_(connect_to("127.0.0.1", static_cast<std::uint16_t>(port))) {
        const timeval patience{.tv_sec = 20, .tv_usec = 0};  // a lost line fails, and does not hang
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }

    void say(std::string_view lines) { EXPECT_TRUE(send_all(fd_.get(), lines)); }

    // The next line with its '\n', or what there was before the end.
    std::string hear() {
        std::array<char, 4096> buffer;
        while (heard_.find('\n') == std::string::npos) {
            const std::size_t count = receive(fd_.get(), buffer);
            if (count == 0)
                return std::exchange(heard_, "");
            heard_.append(buffer.data(), count);
        }
        const std::size_t length = heard_.find('\n') + 1;
        std::string line = heard_.substr(0, length);
        heard_.erase(0, length);
        return line;
    }

    int fd() const { return fd_.get(); }

  private:
    UniqueFd fd_;
    std::string heard_;
};

// A proactor that runs in its thread. Ends as programs do that have waited until it serves.
class Running {
  public:
    explicit Running(const proactor_callbacks_t* callbacks = nullptr, void* context = nullptr)
        : proactor_(proactor_create(0)) {
        checked(proactor_set_callbacks(proactor_, callbacks, context), "proactor_set_callbacks");
        thread_ = std::jthread(proactor_thread, proactor_);
    }
    ~Running() {
        proactor_stop(proactor_);
        thread_.join();
        proactor_destroy(proactor_);
    }

    proactor_t* get() const { return proactor_; }
    int port() const { return proactor_port(proactor_); }

  private:
    proactor_t* proactor_;
    std::jthread thread_;
};

// Clients join one after the other, each before the next connects: a line of the newcomer that an
// older one hears proves that.
inline std::vector<std::unique_ptr<Client>> room_of(const Running& proactor, std::size_t size) {
    std::vector<std::unique_ptr<Client>> clients;
    for (std::size_t i = 0; i < size; ++i) {
        clients.push_back(std::make_unique<Client>(proactor.port()));
        if (i == 0)
            continue;  // nobody is there to hear it, and it is accepted before the next one
        const std::string greeting = "I am " + std::to_string(i) + "\n";
        clients.back()->say(greeting);
        for (std::size_t older = 0; older < i; ++older)
            EXPECT_EQ(clients[older]->hear(), greeting);
    }
    return clients;
}

inline std::size_t entries(const char* folder) {
    const std::filesystem::directory_iterator begin(folder);
    return static_cast<std::size_t>(std::distance(begin, {}));
}

}  // namespace lab::testing
