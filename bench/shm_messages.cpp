// Messages through shared memory beside the same through Unix-domain sockets, as a ratio.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bench/forked.hpp"
#include "bench/link.hpp"
#include "bench/shm_network.hpp"
#include "bench/socket_network.hpp"
#include "common/run_main.hpp"

namespace lab::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kClients = 8;        // in the crowd: each sends to the next one
constexpr std::size_t kMessages = 2000;    // of each of them
constexpr std::size_t kRoundTrips = 4000;  // between two
constexpr std::size_t kRounds = 5;         // of each candidate, taking turns
constexpr std::size_t kText = 64;          // bytes

struct Results {
    std::array<std::atomic<std::uint64_t>, kClients> addresses;
    std::atomic<std::size_t> joined;
    std::atomic<double> seconds;  // of the crowd, all in all
    std::atomic<double> median;   // of a round trip, in microseconds
    std::atomic<double> slow;     // the 99th percentile
};

void wait_for_all(Results& results, std::size_t clients) {
    ++results.joined;
    while (results.joined < clients)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

double microseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

// Client 0 sends to client 1, which sends back.
void round_trips(Network& network, Results& results, std::size_t number) {
    const auto link = network.join(number);
    results.addresses.at(number) = link->address();
    wait_for_all(results, 2);
    const std::uint64_t other = results.addresses.at(1 - number);
    std::vector<double> times;
    for (std::size_t round = 0; round < kRoundTrips; ++round) {
        const auto start = Clock::now();
        if (number == 0)
            link->send(other, std::string(kText, 'x'));
        const std::string text = link->receive();
        if (number == 1)
            link->send(other, text);
        times.push_back(microseconds_since(start));
    }
    wait_for_all(results, 4);  // nobody leaves while the other one still sends
    if (number != 0)
        return;
    std::ranges::sort(times);
    results.median = times[times.size() / 2];
    results.slow = times[times.size() * 99 / 100];
}

// Everybody sends to the next one and receives from the one before.
void crowd(Network& network, Results& results, std::size_t number) {
    const auto link = network.join(number);
    results.addresses.at(number) = link->address();
    wait_for_all(results, kClients);
    const auto start = Clock::now();
    {
        const std::jthread receiver([&link] {
            for (std::size_t count = 0; count < kMessages; ++count)
                link->receive();
        });
        const std::uint64_t next = results.addresses.at((number + 1) % kClients);
        for (std::size_t count = 0; count < kMessages; ++count)
            link->send(next, std::string(kText, 'x'));
    }
    wait_for_all(results, 2 * kClients);
    if (number == 0)
        results.seconds = microseconds_since(start) / 1e6;
}

using Scene = void (*)(Network&, Results&, std::size_t);

void play(Network& network, Results& results, Scene scene, std::size_t clients) {
    results.joined = 0;
    std::vector<Forked> children;
    for (std::size_t number = 0; number < clients; ++number)
        children.emplace_back([&, number] { scene(network, results, number); });
    for (Forked& child : children)
        if (!child.wait())
            throw std::runtime_error("a client has failed");
}

// What the rounds of one candidate have shown.
struct Figures {
    std::vector<double> throughput, median, slow;
};

void measure(Network& network, Figures& figures) {
    const Board<Results> results;
    play(network, *results.operator->(), round_trips, 2);
    play(network, *results.operator->(), crowd, kClients);
    figures.throughput.push_back(kClients * kMessages / results->seconds);
    figures.median.push_back(results->median);
    figures.slow.push_back(results->slow);
}

double middle(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

void report(const char* what, const std::vector<double>& shared,
            const std::vector<double>& socket) {
    std::vector<double> ratios;
    for (std::size_t round = 0; round < shared.size(); ++round)
        ratios.push_back(shared[round] / socket[round]);
    const auto [least, most] = std::ranges::minmax(ratios);
    std::printf("%-24s %14.1f %14.1f   %.2f (%.2f to %.2f)\n", what, middle(shared), middle(socket),
                middle(ratios), least, most);
}

}  // namespace
}  // namespace lab::bench

int main(int argc, char* argv[]) {
    return lab::run_main([&] {
        using namespace lab::bench;
        if (argc != 2)
            throw lab::UsageError("usage: shm_messages path-of-the-server");
        Figures shared, socket;
        for (std::size_t round = 0; round < kRounds; ++round) {
            ShmNetwork shared_memory(argv[1]);
            measure(shared_memory, shared);
            SocketNetwork sockets(kClients);
            measure(sockets, socket);
        }
        std::printf("%-24s %14s %14s   %s\n", "", "shared memory", "Unix sockets",
                    "ratio (of the rounds)");
        report("messages per second", shared.throughput, socket.throughput);
        report("round trip, p50, us", shared.median, socket.median);
        report("round trip, p99, us", shared.slow, socket.slow);
        return EXIT_SUCCESS;
    });
}
