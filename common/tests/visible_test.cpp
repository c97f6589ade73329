// What others say is shown on a terminal, and never obeyed.
#include "common/visible.hpp"

#include <gtest/gtest.h>

#include <clocale>

namespace lab::testing {
namespace {

class Visible : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
    void TearDown() override { std::setlocale(LC_CTYPE, "C"); }
};

TEST_F(Visible, LeavesTextInAnyAlphabetAlone) {
    EXPECT_EQ(visible("tab\tgrüße 漢字 \U0001F600\n"), "tab\tgrüße 漢字 \U0001F600\n");
}

TEST_F(Visible, ShowsEscapeSequencesInsteadOfSendingThem) {
    EXPECT_EQ(visible("\033[2J\a\177"), "^[[2J^G^?");
}

TEST_F(Visible, ShowsTheControlCharactersAbove0x7fToo) {
    EXPECT_EQ(visible("\x9b"
                      "2J \xc2\x9b"
                      "2J"),
              "\\x9b2J \\xc2\\x9b2J");
}

TEST_F(Visible, ShowsBytesThatAreNoText) {
    EXPECT_EQ(visible("caf\xe9 \xf0\x9f"), "caf\\xe9 \\xf0\\x9f");
    EXPECT_EQ(visible({"\0", 1}), "^@");
}

TEST_F(Visible, TakesATelnetLineEndForALineEnd) {
    EXPECT_EQ(visible("one\r\ntwo\rthree\n"), "one\ntwo^Mthree\n");
}

}  // namespace
}  // namespace lab::testing
