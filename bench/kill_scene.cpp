// Clients that are killed at random moments, beside others that must not notice.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <deque>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bench/forked.hpp"
#include "bench/stress_scenes.hpp"
#include "bench/visitor.hpp"
#include "bonus/segment.hpp"
#include "bonus/turn.hpp"

namespace lab::bench {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kPromise = 2s;
constexpr auto kLongestLife = 4000us;
constexpr int kNewcomers = 3;

struct Facts {
    std::atomic<Key> receiver;
    std::atomic<bool> over;
    std::atomic<std::int64_t> longest_request;  // microseconds, of who was not killed
    std::atomic<std::int64_t> longest_arrival;  // of a newcomer
    std::atomic<std::int64_t> sent, received, arrivals;
};

void note_longest(std::atomic<std::int64_t>& longest, Clock::time_point start) {
    const auto spent = Clock::now() - start;
    const std::int64_t now = std::chrono::duration_cast<std::chrono::microseconds>(spent).count();
    if (now > longest)
        longest = now;
}

// Sends numbers until the scene is over, then a farewell.
void send_numbers(const std::string& channel, Facts& facts) {
    Visitor visitor(channel, "sender");
    for (std::int64_t number = 0; !facts.over; ++number) {
        const auto start = Clock::now();
        visitor.send(facts.receiver, std::to_string(number));
        note_longest(facts.longest_request, start);
        facts.sent = number + 1;
        std::this_thread::sleep_for(500us);
    }
    visitor.send(facts.receiver, "farewell");
    visitor.unregister();
}

// Takes what comes: the sender's numbers have no gap, whatever those who die send in between.
void receive_numbers(const std::string& channel, Facts& facts) {
    Visitor visitor(channel, "receiver");
    facts.receiver = visitor.key();
    while (const auto message = visitor.next_message()) {
        if (message->from != "sender")
            continue;
        if (message->text == "farewell")
            return visitor.unregister();
        if (message->text != std::to_string(facts.received++))
            throw std::runtime_error("a message was lost, or came twice");
    }
    throw std::runtime_error("the server has gone");
}

// Comes and goes: with others of its kind, somebody waits for a turn nearly all the time.
void come_and_go(const std::string& channel, Facts& facts, int number) {
    while (!facts.over) {
        const auto start = Clock::now();
        Visitor visitor(channel, "newcomer-" + std::to_string(number));
        note_longest(facts.longest_arrival, start);
        visitor.unregister();
        ++facts.arrivals;
        std::this_thread::sleep_for(200us);
    }
}

// A life that ends from outside, at any point of it.
void live(const std::string& channel, const std::string& name, Key receiver) {
    for (;;) {
        Visitor visitor(channel, name);
        for (int number = 0; number < 3; ++number) {
            visitor.send(receiver, std::string(static_cast<std::size_t>(number) * 100, 'x'));
            visitor.ask({.action = Action::list});
            visitor.send(visitor.key(), "to myself");
            visitor.next_message();
        }
        visitor.unregister();
    }
}

// A life that ends in its turn: before, during or after its request.
void die_in_turn(const std::string& channel, const std::string& name, std::uint32_t moment) {
    Segment<ConnectLayout> segment(std::move(*SegmentFile::open(connect_segment_name(channel))));
    const Turn turn(segment->turn, kPromise);
    RequestSlot slot(segment->slot);
    if (moment > 0)
        slot.begin({.action = Action::register_name, .text = name});
    if (moment > 1)
        slot.wait_for_reply(1s);
    ::raise(SIGKILL);
}

struct Death {
    std::string name;
    Clock::time_point when;
};

// The names of all who died more than almost 2 s ago are free: somebody else can have them.
void prove_released(const std::string& channel, std::deque<Death>& deaths, bool wait) {
    for (; !deaths.empty(); deaths.pop_front()) {
        const auto due = deaths.front().when + kPromise - 100ms;
        if (!wait && Clock::now() < due)
            return;
        std::this_thread::sleep_until(due);
        Visitor(channel, deaths.front().name).unregister();
    }
}

void kill_one_after_the_other(const std::string& channel, std::size_t count, std::mt19937& random,
                              const Facts& facts) {
    std::deque<Death> deaths;
    for (std::size_t number = 0; number < count; ++number) {
        const std::string name = "mortal-" + std::to_string(number);
        const auto moment = static_cast<std::uint32_t>(random() % 3);
        const bool in_turn = random() % 4 == 0;
        const std::chrono::microseconds life(random() % kLongestLife.count());
        Forked mortal([&] {
            in_turn ? die_in_turn(channel, name, moment) : live(channel, name, facts.receiver);
        });
        if (!in_turn) {
            std::this_thread::sleep_for(life);
            mortal.kill(SIGKILL);
        }
        mortal.wait();
        deaths.push_back({name, Clock::now()});
        prove_released(channel, deaths, false);
    }
    prove_released(channel, deaths, true);
}

}  // namespace

void kill_clients(const std::string& channel, std::size_t deaths, std::uint32_t seed) {
    const Board<Facts> facts;
    std::mt19937 random(seed);
    std::vector<Forked> others;
    others.emplace_back([&] { receive_numbers(channel, *facts.operator->()); });
    while (facts->receiver == 0)
        std::this_thread::sleep_for(1ms);
    others.emplace_back([&] { send_numbers(channel, *facts.operator->()); });
    for (int number = 0; number < kNewcomers; ++number)
        others.emplace_back([&, number] { come_and_go(channel, *facts.operator->(), number); });
    kill_one_after_the_other(channel, deaths, random, *facts.operator->());
    facts->over = true;
    for (Forked& other : others)
        if (!other.wait())
            throw std::runtime_error("somebody who was not killed has failed");
    std::printf("%zu clients killed; meanwhile %ld messages sent and %ld received, %ld newcomers\n",
                deaths, facts->sent.load(), facts->received.load(), facts->arrivals.load());
    std::printf("the longest request took %.1f ms, the longest arrival %.1f ms\n",
                static_cast<double>(facts->longest_request) / 1000,
                static_cast<double>(facts->longest_arrival) / 1000);
    if (facts->sent != facts->received)
        throw std::runtime_error("an accepted message was lost");
    const auto most = std::chrono::microseconds(kPromise).count();
    if (facts->longest_request > most || facts->longest_arrival > most)
        throw std::runtime_error("somebody was held up for more than 2 s");
}

}  // namespace lab::bench
