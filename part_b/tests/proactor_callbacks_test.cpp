// libproactor with the callbacks of a program of its own.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "part_b/tests/running_proactor.hpp"

namespace lab::testing {
namespace {

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

TEST(ProactorCallbacks, CallbacksReplaceTheRoom) {
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

TEST(ProactorCallbacks, AnyThreadMaySend) {
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

TEST(ProactorCallbacks, ACallbackMayStopTheProactor) {
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
}  // namespace lab::testing
