// The client: both directions at once, and each of its ends.
#include "part_a/chat_client.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>

#include "common/error.hpp"
#include "common/limits.hpp"
#include "part_a/plain_console.hpp"
#include "part_a/tests/line_client.hpp"

namespace lab::testing {
namespace {

using namespace std::literals;
using Outcome = ChatClient::Outcome;

constexpr Patience kPatient{.silence = 60s, .total = 60s};

struct Pipe {
    Pipe() {
        int ends[2];
        checked(::pipe2(ends, O_CLOEXEC), "pipe");
        out.reset(ends[0]);
        in.reset(ends[1]);
    }
    UniqueFd out;
    UniqueFd in;
};

// A client between a keyboard and a screen that are pipes, and a server that is this test.
class ChatClientTest : public ::testing::Test {
  protected:
    ChatClientTest() : server_(LineClient(accepted())), client_(make_client()) {}

    // The screen is a pipe that may be gone while the client writes to it.
    void SetUp() override { std::signal(SIGPIPE, SIG_IGN); }

    // Unblocks the client's threads, for its destructor joins them.
    ~ChatClientTest() override {
        keyboard_.in.reset();
        screen_.out.reset();
    }

    void type(std::string_view text) {
        ASSERT_EQ(::write(keyboard_.in.get(), text.data(), text.size()), std::ssize(text));
    }
    void press_control_d() { keyboard_.in.reset(); }

    // The next `size` bytes on the screen.
    std::string see(std::size_t size) {
        std::string seen(size, '\0');
        for (std::size_t have = 0; have < size;) {
            const ssize_t count = ::read(screen_.out.get(), &seen[have], size - have);
            if (count <= 0)
                return seen.substr(0, have) + "<end>";
            have += static_cast<std::size_t>(count);
        }
        return seen;
    }

  private:
    UniqueFd accepted() {
        const UniqueFd listener = listen_on(0);
        socket_ = connect_to("127.0.0.1", local_port(listener.get()));
        return accept_from(listener.get()).socket;
    }
    std::unique_ptr<ChatClient> make_client() {
        return std::make_unique<ChatClient>(socket_.get(), console_);
    }

    UniqueFd socket_;
    Pipe keyboard_;

  protected:
    Pipe screen_;

  private:
    PlainConsole console_{keyboard_.out.get(), screen_.in.get(), false};

  protected:
    LineClient server_;
    std::unique_ptr<ChatClient> client_;
};

TEST_F(ChatClientTest, SendsWhatIsTypedLineByLine) {
    type("one\ntw");
    type("o\n");
    EXPECT_EQ(server_.hear(), "one");
    EXPECT_EQ(server_.hear(), "two");
}

TEST_F(ChatClientTest, PrintsWhatArrivesByteForByte) {
    const std::string_view bytes = "no newline yet\0\r\n\xff"sv;
    server_.say(bytes);
    EXPECT_EQ(see(bytes.size()), bytes);
}

TEST_F(ChatClientTest, PrintsWhileNobodyTypesAndSendsWhileNothingArrives) {
    for (int i = 0; i < 3; ++i) {
        server_.say("to the screen\n");
        EXPECT_EQ(see(14), "to the screen\n");
        type("from the keyboard\n");
        EXPECT_EQ(server_.hear(), "from the keyboard");
    }
}

TEST_F(ChatClientTest, AfterControlDItPrintsOnUntilTheServerCloses) {
    type("bye");
    press_control_d();
    EXPECT_EQ(server_.hear(), "bye");
    EXPECT_EQ(server_.hear(), LineClient::kEnd);
    server_.say("last words\n");
    EXPECT_EQ(see(11), "last words\n");
    server_.end_input();
    EXPECT_EQ(client_->wait(kPatient), Outcome::done);
}

TEST_F(ChatClientTest, AfterControlDItEndsWhenTheServerIsSilent) {
    press_control_d();
    EXPECT_EQ(client_->wait({.silence = 1ms, .total = 60s}), Outcome::done);
}

TEST_F(ChatClientTest, AfterControlDItEndsAlsoWhenTheServerNeverStopsTalking) {
    press_control_d();
    const std::jthread chatter([this] {
        while (send_all(server_.fd(), "and another thing\n")) {
        }
    });
    const std::jthread watcher([this] {
        while (see(1) != "<end>") {
        }
    });
    EXPECT_EQ(client_->wait({.silence = 60s, .total = 5ms}), Outcome::done);
    hang_up(server_.fd());
    client_.reset();
    screen_.in.reset();
}

TEST_F(ChatClientTest, NoticesThatTheServerHasGone) {
    server_.end_input();
    EXPECT_EQ(client_->wait(kPatient), Outcome::server_gone);
}

TEST_F(ChatClientTest, RefusesALineThatNoServerTakes) {
    const std::jthread reader([this] { EXPECT_EQ(server_.hear(), "fine"); });
    type("fine\n");
    const std::string part(4096, 'x');
    for (std::size_t typed = 0; typed <= Limits{}.line; typed += part.size())
        type(part);
    EXPECT_EQ(client_->wait(kPatient), Outcome::line_too_long);
}

}  // namespace
}  // namespace lab::testing
