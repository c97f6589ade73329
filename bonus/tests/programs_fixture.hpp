// A server of the test's own, and as many clients as it likes.
#pragma once

#include <filesystem>
#include <string>

#include "bonus/tests/program.hpp"
#include "bonus/tests/shared_memory.hpp"

namespace lab::testing {

class ProgramsTest : public SharedMemoryTest {
  protected:
    ProgramsTest() : server_(start_server()) { std::signal(SIGPIPE, SIG_IGN); }

    // Whatever it has been through, it ends in good order; a sanitizer says so, too.
    void TearDown() override {
        if (server_.pid() == 0)
            return;
        server_.signal(SIGTERM);
        EXPECT_EQ(server_.status(), 0) << server_.complaint();
        EXPECT_EQ(names_left(), 0);
    }

    Program start_server() {
        Program server({"server", channel_});
        EXPECT_EQ(server.hear(), "Listening on channel: [" + channel_ + "]");
        return server;
    }

    Program start_client(const std::string& name) {
        return Program({"client", "--channel", channel_, name});
    }

    // A client that is registered; its key goes to `key`.
    Program enter(const std::string& name, std::string& key) {
        Program client = start_client(name);
        const std::string said = client.hear();
        const std::string beginning = "registered " + name + " ";
        EXPECT_TRUE(said.starts_with(beginning)) << said;
        key = said.substr(std::min(said.size(), beginning.size()));
        return client;
    }

    // How many names of this channel are left in shared memory.
    std::ptrdiff_t names_left() const {
        const std::string beginning = name_.substr(1);
        std::ptrdiff_t count = 0;
        for (const auto& entry : std::filesystem::directory_iterator("/dev/shm"))
            count += entry.path().filename().string().starts_with(beginning) ? 1 : 0;
        return count;
    }

    // Entries of a folder below /proc/PID of the server.
    std::ptrdiff_t count_in(const std::string& folder) const {
        const std::filesystem::directory_iterator entries("/proc/" + std::to_string(server_.pid()) +
                                                          "/" + folder);
        return std::distance(entries, {});
    }

    Program server_;
};

}  // namespace lab::testing
