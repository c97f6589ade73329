// A chat server in a thread of the test, on a port of the kernel's choice.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/error.hpp"
#include "part_a/chat_server.hpp"
#include "part_a/tests/line_client.hpp"

namespace lab::testing {

// Waits for a fact that nobody reports. False when it is not true within 10 s.
inline bool eventually(const auto& fact) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!fact()) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::yield();
    }
    return true;
}

inline std::ptrdiff_t count_in(const char* folder) {
    return std::distance(std::filesystem::directory_iterator(folder), {});
}

inline std::ptrdiff_t threads() {
    return count_in("/proc/self/task");
}

inline std::ptrdiff_t descriptors() {
    return count_in("/proc/self/fd");
}

class ChatServerTest : public ::testing::Test {
  protected:
    using Clients = std::vector<std::unique_ptr<LineClient>>;

    void SetUp() override {
        ::testing::internal::CaptureStdout();
        log_.reset(checked(::open("/proc/self/fd/1", O_RDONLY | O_CLOEXEC), "open the log"));
    }

    void TearDown() override {
        stop();
        const std::string log = ::testing::internal::GetCapturedStdout();
        if (HasFailure())
            std::cout << "the server's log:\n" << log;
    }

    void start(const Limits& limits = {}) {
        server_ = std::jthread([this, limits](std::stop_token stop) {
            run_chat_server(listener_.get(), std::move(stop), limits);
        });
    }

    // Asks the server to stop and waits for its end.
    void stop() { server_ = {}; }

    // Waits until the server has logged `line`.
    bool logs(const std::string& line) const {
        return eventually([&] {
            std::array<char, 65536> buffer;
            const ssize_t size = ::pread(log_.get(), buffer.data(), buffer.size(), 0);
            const std::string_view log(buffer.data(), static_cast<std::size_t>(size));
            return log.find(line + '\n') != log.npos;
        });
    }

    std::uint16_t port() const { return local_port(listener_.get()); }

    // Brings one more client into the room. When it returns, all others have heard the newcomer, so
    // the server knows it; clients are accepted in their order, so it knows the first one, too.
    LineClient& enter(Clients& room, const std::string& host = "127.0.0.1") {
        const std::string name = "newcomer " + std::to_string(room.size());
        auto newcomer = std::make_unique<LineClient>(port(), host);
        if (!room.empty())
            newcomer->say(name + "\n");
        for (const auto& client : room)
            EXPECT_EQ(client->hear(), name);
        return *room.emplace_back(std::move(newcomer));
    }

    UniqueFd listener_ = listen_on(0);

  private:
    std::jthread server_;
    UniqueFd log_;
};

}  // namespace lab::testing
