// libproactor through its C interface, as a program sees it.
#include "part_b/proactor.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/error.hpp"
#include "common/socket.hpp"
#include "common/unique_fd.hpp"

namespace lab {
namespace {

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
std::vector<std::unique_ptr<Client>> room_of(const Running& proactor, std::size_t size) {
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

std::size_t entries(const char* folder) {
    const std::filesystem::directory_iterator begin(folder);
    return static_cast<std::size_t>(std::distance(begin, {}));
}

TEST(ProactorC, ALineReachesAllOthersAndNotItsSender) {
    const Running proactor;
    const auto clients = room_of(proactor, 3);
    clients[0]->say("one\n");
    EXPECT_EQ(clients[1]->hear(), "one\n");
    EXPECT_EQ(clients[2]->hear(), "one\n");
    clients[1]->say("two\n");
    EXPECT_EQ(clients[0]->hear(), "two\n");
}

TEST(ProactorC, ConnectionsMadeBeforeItRunsAreServed) {
    proactor_t* const proactor = proactor_create(0);
    Client early(proactor_port(proactor)), other(proactor_port(proactor));
    early.say("early\n");
    std::jthread thread(proactor_thread, proactor);
    EXPECT_EQ(other.hear(), "early\n");
    proactor_destroy(proactor);
}

TEST(ProactorC, AnUnfinishedLineIsDeliveredWithANewline) {
    const Running proactor;
    const auto clients = room_of(proactor, 2);
    clients[0]->say("half a li");
    end_output(clients[0]->fd());
    EXPECT_EQ(clients[1]->hear(), "half a li\n");
    EXPECT_EQ(clients[0]->hear(), "");  // and it is hung up on
}

TEST(ProactorC, NulBytesAndLongLinesPassWhole) {
    const Running proactor;
    const auto clients = room_of(proactor, 2);
    std::string line(1 << 20, 'x');
    line[7] = '\0';
    line += '\n';
    const std::jthread sender([&] { clients[0]->say(line); });
    EXPECT_TRUE(clients[1]->hear() == line);
}

TEST(ProactorC, ALineWithoutAnEndEndsItsClientOnly) {
    const Running proactor;
    const auto clients = room_of(proactor, 3);
    const std::string endless((1 << 20) + 1, 'x');
    send_all(clients[0]->fd(), endless);
    EXPECT_EQ(clients[0]->hear(), "");
    clients[1]->say("still here\n");
    EXPECT_EQ(clients[2]->hear(), "still here\n");
}

TEST(ProactorC, AReaderThatNeverReadsDelaysNobodyAndIsDisconnected) {
    const Running proactor;
    const auto clients = room_of(proactor, 3);
    const std::string line = std::string(64 << 10, 'x') + '\n';
    for (int i = 0; i < 512; ++i) {  // 32 MiB; the third client reads nothing of it
        clients[0]->say(line);
        ASSERT_TRUE(clients[1]->hear() == line);
    }
    std::size_t heard = 0;
    while (clients[2]->hear() == line)
        ++heard;
    EXPECT_LT(heard, 512u);
}

TEST(ProactorC, WhoHasLeftKeepsNoDescriptor) {
    const Running proactor;
    const auto clients = room_of(proactor, 2);
    const std::size_t before = entries("/proc/self/fd");
    for (int i = 0; i < 10; ++i) {
        Client guest(proactor.port());
        guest.say("guest\n");
        EXPECT_EQ(clients[0]->hear(), "guest\n");
        EXPECT_EQ(clients[1]->hear(), "guest\n");
        end_output(guest.fd());
        EXPECT_EQ(guest.hear(), "");  // the server has closed its side
    }
    EXPECT_EQ(entries("/proc/self/fd"), before);
}

TEST(ProactorC, AShortageOfDescriptorsPassesWithoutHarm) {
    const Running proactor;
    const auto clients = room_of(proactor, 2);
    rlimit before{};
    checked(::getrlimit(RLIMIT_NOFILE, &before), "getrlimit");
    const UniqueFd next_free(checked(::dup(clients[0]->fd()), "dup"));
    // One more is allowed, and that is the newcomer's own: the server gets none for it.
    const rlimit shortage{static_cast<rlim_t>(next_free.get()) + 2, before.rlim_max};
    checked(::setrlimit(RLIMIT_NOFILE, &shortage), "setrlimit");
    Client newcomer(proactor.port());
    clients[0]->say("what shortage?\n");
    EXPECT_EQ(clients[1]->hear(), "what shortage?\n");
    checked(::setrlimit(RLIMIT_NOFILE, &before), "setrlimit");
    newcomer.say("at last\n");
    EXPECT_EQ(clients[0]->hear(), "at last\n");
}

TEST(ProactorC, DestroyWaitsForTheThreadAndLeavesNothing) {
    const std::size_t descriptors = entries("/proc/self/fd");
    for (int i = 0; i < 300; ++i) {
        proactor_t* const proactor = proactor_create(0);
        ASSERT_NE(proactor, nullptr);
        Client one(proactor_port(proactor)), other(proactor_port(proactor));
        std::jthread thread(proactor_thread, proactor);
        one.say("hello\n");
        ASSERT_EQ(other.hear(), "hello\n");
        proactor_destroy(proactor);
        EXPECT_EQ(other.hear(), "");
    }
    EXPECT_EQ(entries("/proc/self/fd"), descriptors);
}

TEST(ProactorC, DestroyWorksWithoutARunAndAfterOne) {
    proactor_destroy(nullptr);
    proactor_destroy(proactor_create(0));
    proactor_t* const proactor = proactor_create(0);
    std::jthread thread(proactor_thread, proactor);
    proactor_stop(proactor);
    thread.join();
    proactor_destroy(proactor);
}

TEST(ProactorC, TwoProactorsAreTwoRooms) {
    const Running first, second;
    const auto here = room_of(first, 2);
    const auto there = room_of(second, 2);
    here[0]->say("here\n");
    there[0]->say("there\n");
    EXPECT_EQ(here[1]->hear(), "here\n");
    EXPECT_EQ(there[1]->hear(), "there\n");
}

TEST(ProactorC, WhatCannotBeIsNullAndErrno) {
    for (const int port : {-1, 65536}) {
        errno = 0;
        EXPECT_EQ(proactor_create(port), nullptr);
        EXPECT_EQ(errno, EINVAL);
    }
    proactor_t* const first = proactor_create(0);
    EXPECT_EQ(proactor_create(proactor_port(first)), nullptr);
    EXPECT_EQ(errno, EADDRINUSE);
    proactor_destroy(first);
    EXPECT_EQ(proactor_port(nullptr), -1);
    EXPECT_EQ(proactor_send(nullptr, 1, "", 0), -1);
    EXPECT_EQ(proactor_thread(nullptr), nullptr);
}

// A program of its own: greets, answers the sender alone, and tells the others who has left.
struct Greeter {
    static void joined(proactor_t* proactor, proactor_client_t client, void* context) {
        static_cast<Greeter*>(context)->last_client = client;
        proactor_send(proactor, client, "welcome\n", 8);
    }
    static void line(proactor_t* proactor, proactor_client_t client, const char* text,
                     size_t length, void*) {
        const std::string answer = "you said " + std::string(text, length);
        proactor_send(proactor, client, answer.data(), answer.size());
    }
    static void left(proactor_t* proactor, proactor_client_t client, void*) {
        const std::string news = std::to_string(client) + " has left\n";
        proactor_broadcast(proactor, client, news.data(), news.size());
    }
    static constexpr proactor_callbacks_t kCallbacks{joined, line, left};
    std::atomic<proactor_client_t> last_client = 0;
};

TEST(ProactorC, CallbacksReplaceTheRoom) {
    Greeter greeter;
    const Running proactor(&Greeter::kCallbacks, &greeter);
    Client one(proactor.port());
    EXPECT_EQ(one.hear(), "welcome\n");
    const proactor_client_t first = greeter.last_client;
    {
        Client other(proactor.port());
        EXPECT_EQ(other.hear(), "welcome\n");
        EXPECT_GT(greeter.last_client, first);
        other.say("a\nb\n");
        EXPECT_EQ(other.hear(), "you said a\n");
        EXPECT_EQ(other.hear(), "you said b\n");
    }
    EXPECT_EQ(one.hear(), std::to_string(greeter.last_client) + " has left\n");
}

TEST(ProactorC, AnyThreadMaySend) {
    Greeter greeter;
    const Running proactor(&Greeter::kCallbacks, &greeter);
    Client one(proactor.port());
    EXPECT_EQ(one.hear(), "welcome\n");
    const proactor_client_t first = greeter.last_client;
    Client other(proactor.port());
    EXPECT_EQ(other.hear(), "welcome\n");
    constexpr int kEach = 500;
    {
        std::vector<std::jthread> speakers;
        for (int i = 0; i < 2; ++i)
            speakers.emplace_back([&] {
                for (int k = 0; k < kEach; ++k) {
                    EXPECT_EQ(proactor_broadcast(proactor.get(), 0, "all\n", 4), 0);
                    EXPECT_EQ(proactor_send(proactor.get(), first, "one\n", 4), 0);
                }
            });
    }
    int all = 0;
    int only = 0;
    for (int i = 0; i < 4 * kEach; ++i)
        ++(one.hear() == "all\n" ? all : only);
    EXPECT_EQ(all, 2 * kEach);
    EXPECT_EQ(only, 2 * kEach);
    for (int i = 0; i < 2 * kEach; ++i)
        ASSERT_EQ(other.hear(), "all\n");
    EXPECT_EQ(proactor_send(proactor.get(), 1'000, "gone\n", 5), 0);
}

TEST(ProactorC, ACallbackMayStopTheProactor) {
    const proactor_callbacks_t callbacks{
        .joined = [](proactor_t* proactor, proactor_client_t, void*) { proactor_stop(proactor); },
        .line = nullptr,
        .left = nullptr};
    proactor_t* const proactor = proactor_create(0);
    proactor_set_callbacks(proactor, &callbacks, nullptr);
    Client client(proactor_port(proactor));
    std::jthread(proactor_thread, proactor).join();
    proactor_destroy(proactor);
    EXPECT_EQ(client.hear(), "");
}

}  // namespace
}  // namespace lab
