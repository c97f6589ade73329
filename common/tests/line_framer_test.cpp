// LineFramer: how the bytes were cut never changes the lines.
#include "common/line_framer.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace {

using lab::LineFramer;
using namespace std::literals;

struct Result {
    std::string lines;
    bool overflowed = false;
    bool operator==(const Result&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Result& result) {
    return out << ::testing::PrintToString(result.lines) << (result.overflowed ? " too long" : "");
}

// All that comes out when `pieces` go in one after the other.
Result frame(const std::vector<std::string_view>& pieces, std::size_t max_line) {
    LineFramer framer(max_line);
    Result result;
    for (const std::string_view piece : pieces)
        result.lines += framer.push(piece);
    result.lines += framer.finish();
    result.overflowed = framer.overflowed();
    return result;
}

TEST(LineFramer, ReturnsAllWholeLinesOfAPushAsOneRun) {
    LineFramer framer(100);
    EXPECT_EQ(framer.push("one\ntwo\nthr"), "one\ntwo\n");
    EXPECT_EQ(framer.push("ee"), "");
    EXPECT_EQ(framer.push("\nfour\n"), "three\nfour\n");
    EXPECT_EQ(framer.finish(), "");
}

TEST(LineFramer, AddsANewlineToTheUnfinishedLastLine) {
    LineFramer framer(100);
    EXPECT_EQ(framer.push("bye"), "");
    EXPECT_EQ(framer.finish(), "bye\n");
    EXPECT_EQ(framer.finish(), "");
}

TEST(LineFramer, PassesEveryByteOfALine) {
    EXPECT_EQ(frame({"a\0b\r\n\n\xff\xfe\n"sv}, 100).lines, "a\0b\r\n\n\xff\xfe\n"sv);
}

TEST(LineFramer, ALineOfTheMaximalLengthPasses) {
    EXPECT_EQ(frame({"12345\n"}, 5), (Result{"12345\n", false}));
    EXPECT_EQ(frame({"12345"}, 5), (Result{"12345\n", false}));
}

TEST(LineFramer, ALongerLineEndsTheStreamAfterTheLinesBeforeIt) {
    EXPECT_EQ(frame({"ok\n123456\nlater\n"}, 5), (Result{"ok\n", true}));
    EXPECT_EQ(frame({"ok\n123456"}, 5), (Result{"ok\n", true}));
    EXPECT_EQ(frame({"ok\n123456", "\nlater\n"}, 5), (Result{"ok\n", true}));
}

TEST(LineFramer, GivesTheSameLinesHoweverTheBytesArrive) {
    const std::string text = "a\n\nlonger line\nto\nlong line to pass 123\nx";
    for (const std::size_t max_line : {5u, 11u, 20u, 21u, 100u}) {
        const Result whole = frame({text}, max_line);
        for (std::size_t first = 0; first <= text.size(); ++first) {
            for (std::size_t second = first; second <= text.size(); ++second) {
                const std::string_view all = text;
                const std::vector pieces{all.substr(0, first), all.substr(first, second - first),
                                         all.substr(second)};
                ASSERT_EQ(frame(pieces, max_line), whole)
                    << "cut at " << first << " and " << second << ", max_line " << max_line;
            }
        }
    }
}

TEST(LineFramer, GivesTheSameLinesForRandomTextsAndCuts) {
    for (unsigned seed = 0; seed < 300; ++seed) {
        std::mt19937 random(seed);
        std::string text;
        for (int i = 0; i < 200; ++i)
            text += random() % 12 == 0 ? '\n' : static_cast<char>('a' + random() % 26);
        const std::size_t max_line = 20 + random() % 40;
        std::vector<std::string_view> pieces;
        for (std::string_view rest = text; !rest.empty();) {
            pieces.push_back(rest.substr(0, 1 + random() % 30));
            rest.remove_prefix(pieces.back().size());
        }
        ASSERT_EQ(frame(pieces, max_line), frame({text}, max_line)) << "seed " << seed;
    }
}

}  // namespace
