// A hundred clients at once, each sends to others by chance.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bench/forked.hpp"
#include "bench/stress_scenes.hpp"
#include "bench/visitor.hpp"

namespace lab::bench {
namespace {

using namespace std::chrono_literals;
using Table = std::array<std::array<std::atomic<std::uint32_t>, kCrowd>, kCrowd>;

struct Facts {
    std::array<std::atomic<Key>, kCrowd> keys;
    std::atomic<std::size_t> arrived, done;
    std::atomic<std::uint32_t> refused;
    Table sent, received;  // [from][to]
};

void wait_for_all(std::atomic<std::size_t>& count) {
    ++count;
    while (count < kCrowd)
        std::this_thread::sleep_for(1ms);
}

// The text is the number of this message among those from `from` to us: the next one is expected.
void receive(Visitor& visitor, Facts& facts, std::size_t us) {
    while (const auto message = visitor.next_message()) {
        auto& received = facts.received.at(std::stoul(message->from)).at(us);
        if (message->text != std::to_string(received))
            throw std::runtime_error("lost, twice, or out of order");
        ++received;
    }
}

void talk(Visitor& visitor, Facts& facts, std::size_t us, std::size_t messages,
          std::mt19937& random) {
    for (std::size_t count = 0; count < messages;) {
        const std::size_t to = random() % kCrowd;
        auto& sent = facts.sent.at(us).at(to);
        try {
            visitor.send(facts.keys.at(to), std::to_string(sent));
            ++sent;
            ++count;
        } catch (const std::runtime_error&) {
            ++facts.refused;  // its inbox was full for a second: not accepted, and sent again
        }
    }
}

void take_part(const std::string& channel, Facts& facts, std::size_t us, std::size_t messages,
               std::uint32_t seed) {
    Visitor visitor(channel, std::to_string(us));
    std::mt19937 random(seed + static_cast<std::uint32_t>(us));
    facts.keys.at(us) = visitor.key();
    const std::jthread receiver([&] { receive(visitor, facts, us); });
    wait_for_all(facts.arrived);
    talk(visitor, facts, us, messages, random);
    wait_for_all(facts.done);
    visitor.unregister();
}

}  // namespace

void let_a_crowd_talk(const std::string& channel, std::size_t messages_each, std::uint32_t seed) {
    const Board<Facts> facts;
    const auto start = std::chrono::steady_clock::now();
    std::vector<Forked> crowd;
    for (std::size_t us = 0; us < kCrowd; ++us)
        crowd.emplace_back(
            [&, us] { take_part(channel, *facts.operator->(), us, messages_each, seed); });
    for (Forked& one : crowd)
        if (!one.wait())
            throw std::runtime_error("one of the crowd has failed");
    std::size_t received = 0;
    for (std::size_t from = 0; from < kCrowd; ++from)
        for (std::size_t to = 0; to < kCrowd; ++to) {
            received += facts->received.at(from).at(to);
            if (facts->sent.at(from).at(to) != facts->received.at(from).at(to))
                throw std::runtime_error("an accepted message was lost");
        }
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    std::printf("%zu clients, %zu messages: each once, in order; %u full inboxes; %.1f s\n", kCrowd,
                received, facts->refused.load(), spent.count());
}

}  // namespace lab::bench
