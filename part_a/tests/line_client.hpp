// A chat client for tests: says bytes, hears lines, and never waits for ever.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/socket.hpp"

namespace lab::testing {

class LineClient {
  public:
    static constexpr std::string_view kEnd = "<the connection has ended>";
    static constexpr std::string_view kSilence = "<nothing came within 10 s>";

    explicit LineClient(std::uint16_t port, const std::string& host = "127.0.0.1")
        : LineClient(connect_to(host, port)) {}

    explicit LineClient(UniqueFd connected) : socket_(std::move(connected)) {
        const timeval patience{.tv_sec = 10, .tv_usec = 0};
        ::setsockopt(fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }

    int fd() const { return socket_.get(); }

    void say(std::string_view bytes) { EXPECT_TRUE(send_all(fd(), bytes)); }

    // The next line without its '\n', or one of the two constants.
    std::string hear() {
        std::size_t end = 0;
        while ((end = heard_.find('\n')) == std::string::npos) {
            std::array<char, 65536> buffer;
            const ssize_t count = ::recv(fd(), buffer.data(), buffer.size(), 0);
            if (count <= 0)
                return std::string(count == -1 && errno == EAGAIN ? kSilence : kEnd);
            heard_.append(buffer.data(), static_cast<std::size_t>(count));
        }
        std::string line = heard_.substr(0, end);
        heard_.erase(0, end + 1);
        return line;
    }

    void end_input() { end_output(fd()); }

    // Leaves the rude way: whoever talks to us gets a reset.
    void reset() {
        discard_unsent(fd());
        socket_.reset();
    }

    // Waits, without reading, until the other side has reset the connection.
    bool is_reset() {
        pollfd waiting{.fd = fd(), .events = 0, .revents = 0};
        return ::poll(&waiting, 1, 10'000) == 1 && (waiting.revents & POLLERR) != 0;
    }

  private:
    UniqueFd socket_;
    std::string heard_;
};

}  // namespace lab::testing
