// The client on a terminal whose other end is this test.
#include "part_a/terminal_console.hpp"

#include <gtest/gtest.h>
#include <pty.h>
#include <termios.h>

#include <array>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <thread>

#include "common/descriptor_io.hpp"
#include "common/error.hpp"
#include "part_a/chat_client.hpp"
#include "part_a/tests/line_client.hpp"

// What libtinfo knows of a terminal it keeps until the program's end; libedit cannot tell it not
// to.
extern "C" const char* kept_by_others() asm("__lsan_default_suppressions");
extern "C" const char* kept_by_others() {
    return "leak:libtinfo";
}

namespace lab::testing {
namespace {

using namespace std::literals;
using Outcome = ChatClient::Outcome;

struct Terminal {
    Terminal() {
        int ends[2];
        const winsize window{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
        checked(::openpty(&ends[0], &ends[1], nullptr, nullptr, &window), "openpty");
        person.reset(ends[0]);
        program.reset(ends[1]);
    }
    termios settings() const {
        termios now{};
        checked(::tcgetattr(program.get(), &now), "tcgetattr");
        return now;
    }
    UniqueFd person;
    UniqueFd program;
};

class TerminalConsoleTest : public ::testing::Test {
  protected:
    TerminalConsoleTest() {
        ::setenv("TERM", "xterm", 1);
        std::setlocale(LC_CTYPE, "C.UTF-8");
    }
    ~TerminalConsoleTest() override { std::setlocale(LC_CTYPE, "C"); }

    void SetUp() override {
        before_ = terminal_.settings();
        console_ = TerminalConsole::open(terminal_.program.get(), terminal_.program.get());
        if (!console_)
            GTEST_SKIP() << "this system does not know what an xterm is";
    }

    void type(std::string_view keys) { EXPECT_TRUE(write_all(terminal_.person.get(), keys)); }

    // Reads what comes to the screen until it ends with `text`.
    void see(std::string_view text) {
        while (!seen_.ends_with(text)) {
            std::array<char, 4096> buffer;
            const std::size_t count = read_some(terminal_.person.get(), buffer);
            ASSERT_GT(count, 0U) << "seen before the end: " << seen_;
            seen_.append(buffer.data(), count);
        }
    }

    bool terminal_is_as_before() const {
        const termios now = terminal_.settings();
        return now.c_lflag == before_.c_lflag && now.c_iflag == before_.c_iflag &&
               now.c_oflag == before_.c_oflag &&
               std::memcmp(now.c_cc, before_.c_cc, sizeof now.c_cc) == 0;
    }

    Terminal terminal_;
    termios before_{};
    std::unique_ptr<TerminalConsole> console_;
    std::string seen_;
};

TEST_F(TerminalConsoleTest, ReadsALineAtATime) {
    type("one\rtwo\r");
    EXPECT_EQ(console_->read(), "one\n");
    EXPECT_EQ(console_->read(), "two\n");
}

TEST_F(TerminalConsoleTest, ControlDIsTheEndOfTheInput) {
    type("\x04");
    EXPECT_EQ(console_->read(), "");
}

TEST_F(TerminalConsoleTest, WhatArrivesIsPrintedAndWhatIsTypedDrawnAnew) {
    std::string line;
    std::jthread owner([this, &line] { line = console_->read(); });
    type("half");
    see("half");
    EXPECT_TRUE(console_->print("news\n"));
    see("\r\033[Jnews\r\n> half");
    type(" done\r");
    owner.join();
    EXPECT_EQ(line, "half done\n");
}

TEST_F(TerminalConsoleTest, FinishPrintsTheRestAndGivesTheTerminalBack) {
    std::jthread owner([this] { EXPECT_EQ(console_->read(), ""); });
    type("half");
    see("half");
    EXPECT_FALSE(terminal_is_as_before());
    EXPECT_TRUE(console_->print("last words\n"));
    console_->finish();
    see("last words\r\n> half\r\n");
    EXPECT_TRUE(terminal_is_as_before());
    EXPECT_FALSE(console_->print("too late\n"));
}

TEST_F(TerminalConsoleTest, WhileASendWaitsTheScreenGoesOn) {
    int ends[2];
    checked(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
    const UniqueFd ours(ends[0]);
    const UniqueFd theirs(ends[1]);
    while (::send(ours.get(), "full", 4, MSG_DONTWAIT) > 0) {
    }
    std::jthread owner([&] { EXPECT_TRUE(console_->wait_until_writable(ours.get())); });
    EXPECT_TRUE(console_->print("news\n"));
    see("news\r\n");
    std::array<char, 4096> buffer;
    while (::recv(theirs.get(), buffer.data(), buffer.size(), MSG_DONTWAIT) > 0) {
    }
}

TEST_F(TerminalConsoleTest, IsNotForATerminalThatCannotBeDrawnOn) {
    ::setenv("TERM", "dumb", 1);
    const Terminal dumb;
    EXPECT_EQ(TerminalConsole::open(dumb.program.get(), dumb.program.get()), nullptr);
}

// -- the whole client ----------------------------------------------------------------------------

class ClientOnTerminalTest : public TerminalConsoleTest {
  protected:
    void SetUp() override {
        TerminalConsoleTest::SetUp();
        if (IsSkipped())
            return;
        const UniqueFd listener = listen_on(0);
        socket_ = connect_to("127.0.0.1", local_port(listener.get()));
        server_.emplace(accept_from(listener.get()).socket);
        client_.emplace(socket_.get(), *console_);
    }
    void TearDown() override {
        if (console_)
            console_->finish();
    }

    UniqueFd socket_;
    std::optional<LineClient> server_;
    std::optional<ChatClient> client_;
};

TEST_F(ClientOnTerminalTest, TypesAndHearsAtTheSameTime) {
    type("to the ser");
    see("to the ser");
    server_->say("from the server\n");
    see("from the server\r\n> to the ser");
    type("ver\r");
    EXPECT_EQ(server_->hear(), "to the server");
}

TEST_F(ClientOnTerminalTest, AfterControlDItPrintsOnUntilTheServerCloses) {
    type("bye\r\x04");
    EXPECT_EQ(server_->hear(), "bye");
    EXPECT_EQ(server_->hear(), LineClient::kEnd);
    server_->say("last words\n");
    see("last words\r\n");
    server_->end_input();
    EXPECT_EQ(client_->wait({.silence = 60s, .total = 60s}), Outcome::done);
}

TEST_F(ClientOnTerminalTest, NoticesThatTheServerHasGone) {
    server_->end_input();
    EXPECT_EQ(client_->wait({.silence = 60s, .total = 60s}), Outcome::server_gone);
    console_->finish();
    EXPECT_TRUE(terminal_is_as_before());
}

}  // namespace
}  // namespace lab::testing
