// Room: everybody but the sender, in one order for all.
#include "common/room.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace {

struct Listener final : lab::Participant {
    void deliver(std::string_view lines) override { heard += lines; }
    std::string heard;
};

TEST(Room, EverybodyButTheSenderHearsALine) {
    lab::Room room;
    Listener ann, bob, cid;
    for (Listener* listener : {&ann, &bob, &cid})
        room.join(*listener);
    room.broadcast(ann, "hello\n");
    EXPECT_EQ(ann.heard, "");
    EXPECT_EQ(bob.heard, "hello\n");
    EXPECT_EQ(cid.heard, "hello\n");
}

TEST(Room, WhoHasLeftHearsNothingAndMaySpeak) {
    lab::Room room;
    Listener ann, bob;
    room.join(ann);
    room.join(bob);
    room.leave(ann);
    room.leave(ann);
    room.broadcast(bob, "anybody?\n");
    room.broadcast(ann, "bye\n");
    EXPECT_EQ(ann.heard, "");
    EXPECT_EQ(bob.heard, "bye\n");
}

TEST(Room, NobodyIsDisturbedByNothing) {
    struct Fussy final : lab::Participant {
        void deliver(std::string_view lines) override { EXPECT_FALSE(lines.empty()); }
    } fussy;
    lab::Room room;
    Listener ann;
    room.join(fussy);
    room.broadcast(ann, "");
    room.leave(fussy);
}

TEST(Room, AllMembersHearAllLinesInTheSameOrder) {
    lab::Room room;
    Listener ann, bob, first_sender, second_sender;
    room.join(ann);
    room.join(bob);
    const auto chat = [&room](const Listener& sender, std::string_view line) {
        for (int i = 0; i < 2000; ++i)
            room.broadcast(sender, line);
    };
    {
        const std::jthread first([&] { chat(first_sender, "1\n"); });
        const std::jthread second([&] { chat(second_sender, "2\n"); });
    }
    EXPECT_EQ(ann.heard.size(), 8000u);
    EXPECT_EQ(ann.heard, bob.heard);
}

}  // namespace
