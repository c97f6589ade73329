// The chat server at its limits: slow readers, shortage, stop, and nothing left behind.
#include <netinet/in.h>
#include <sys/resource.h>

#include "part_a/tests/chat_server_fixture.hpp"

namespace lab::testing {
namespace {

using namespace std::literals;

// A client whose kernel buffer is small, so that the server's queue for it fills early.
void shrink(const LineClient& client) {
    const int size = 4096;
    ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

// `speaker` says `rounds` long lines, each of which `listener` hears before the next.
void talk(LineClient& speaker, LineClient& listener, int rounds) {
    const std::string line(64 * 1024 - 1, 'x');
    for (int i = 0; i < rounds; ++i) {
        speaker.say(line + '\n');
        ASSERT_TRUE(listener.hear() == line) << "round " << i;
    }
}

TEST_F(ChatServerTest, AClientThatDoesNotReadIsDisconnectedAndDelaysNobody) {
    start({.outbox = 1 << 20});
    Clients room;
    LineClient& ann = enter(room);
    LineClient& bob = enter(room);
    LineClient& stuck = enter(room);
    shrink(stuck);
    talk(ann, bob, 200);
    EXPECT_TRUE(stuck.is_reset());
    talk(ann, bob, 1);
    EXPECT_TRUE(logs("client 3 was disconnected: it does not read what waits for it"));
}

TEST_F(ChatServerTest, AClientThatEndsItsInputAndDoesNotReadIsLetGo) {
    start({.farewell = 10ms});
    Clients room;
    LineClient& ann = enter(room);
    LineClient& bob = enter(room);
    LineClient& stuck = enter(room);
    shrink(stuck);
    talk(ann, bob, 150);
    stuck.end_input();
    EXPECT_TRUE(stuck.is_reset());
    EXPECT_TRUE(logs("client 3 has left"));
}

TEST_F(ChatServerTest, KeepsNoThreadAndNoDescriptorOfAClientThatHasGone) {
    start();
    LineClient first(port());
    LineClient second(port());
    second.say("ready\n");
    EXPECT_EQ(first.hear(), "ready");
    const auto threads_before = threads();
    const auto descriptors_before = descriptors();
    {
        Clients room;
        for (int i = 0; i < 10; ++i)
            room.push_back(std::make_unique<LineClient>(port()));
        EXPECT_TRUE(eventually([&] { return threads() == threads_before + 20; }));
    }
    EXPECT_TRUE(eventually([&] { return threads() == threads_before; })) << threads();
    EXPECT_TRUE(eventually([&] { return descriptors() == descriptors_before; })) << descriptors();
}

TEST_F(ChatServerTest, StopsWithClientsConnectedAlsoStuckOnes) {
    start();
    Clients room;
    LineClient& ann = enter(room);
    LineClient& bob = enter(room);
    LineClient& stuck = enter(room);
    shrink(stuck);
    talk(ann, bob, 150);
    stop();
    EXPECT_EQ(ann.hear(), LineClient::kEnd);
    EXPECT_EQ(bob.hear(), LineClient::kEnd);
}

// Lets this process open no more descriptors than it has, as long as it lives.
class Shortage {
  public:
    Shortage() {
        checked(::getrlimit(RLIMIT_NOFILE, &before_), "getrlimit");
        rlimit tight = before_;
        tight.rlim_cur = 0;
        checked(::setrlimit(RLIMIT_NOFILE, &tight), "setrlimit");
    }
    ~Shortage() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
};

UniqueFd new_socket() {
    return UniqueFd(checked(::socket(AF_INET, SOCK_STREAM, 0), "socket"));
}

// Connects a socket that was there before the shortage.
LineClient connected(UniqueFd socket, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    checked(::connect(socket.get(), generic, sizeof address), "connect");
    return LineClient(std::move(socket));
}

constexpr const char* kShortageLog = "cannot accept for now: Too many open files";

TEST_F(ChatServerTest, ServesOnWithoutFreeDescriptorsAndAcceptsWhenThereAreSome) {
    start();
    Clients room;
    LineClient& ann = enter(room);
    LineClient& bob = enter(room);
    UniqueFd first = new_socket();
    UniqueFd second = new_socket();
    auto shortage = std::make_unique<Shortage>();
    // The accept that is blocked has its descriptor already: one more client gets in.
    const LineClient lucky = connected(std::move(first), port());
    LineClient late = connected(std::move(second), port());
    late.say("here I am\n");
    EXPECT_TRUE(logs(kShortageLog));
    talk(ann, bob, 1);
    shortage.reset();
    EXPECT_EQ(ann.hear(), "here I am");
}

TEST_F(ChatServerTest, StopsAlsoWhileNoDescriptorIsFree) {
    start();
    UniqueFd socket = new_socket();
    const Shortage shortage;
    LineClient last = connected(std::move(socket), port());
    EXPECT_TRUE(logs(kShortageLog));
    stop();
    EXPECT_EQ(last.hear(), LineClient::kEnd);
}

}  // namespace
}  // namespace lab::testing
