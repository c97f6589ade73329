// Bytes, characters and cells.
#include "part_a/terminal_text.hpp"

#include <gtest/gtest.h>

#include <clocale>

namespace lab::testing {
namespace {

class TerminalText : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
    void TearDown() override { std::setlocale(LC_CTYPE, "C"); }

    static int row_after(std::wstring_view text, int columns) {
        Cursor cursor(columns);
        cursor.draw(text);
        return cursor.row();
    }
};

TEST_F(TerminalText, EveryByteComesOutAsItCameIn) {
    std::string all;
    for (int byte = 0; byte < 256; ++byte)
        all.push_back(static_cast<char>(byte));
    const std::string bytes = all + "grüße 漢字 \U0001F600" + all;
    EXPECT_EQ(to_bytes(to_characters(bytes)), bytes);
}

TEST_F(TerminalText, ACharacterIsTakenWhenItIsWhole) {
    wchar_t character = 0;
    std::string_view half = "\xe6\xbc";
    EXPECT_FALSE(take_character(half, character));
    EXPECT_EQ(half.size(), 2U);
    std::string_view whole = "\xe6\xbc\xa2!";
    EXPECT_TRUE(take_character(whole, character));
    EXPECT_EQ(character, L'漢');
    EXPECT_EQ(whole, "!");
}

TEST_F(TerminalText, ARowThatIsFullEndsAtOnce) {
    EXPECT_EQ(row_after(L"123456789", 10), 0);
    EXPECT_EQ(row_after(L"1234567890", 10), 1);
    EXPECT_EQ(row_after(std::wstring(35, L'x'), 10), 3);
}

TEST_F(TerminalText, AWideCharacterIsNeverCut) {
    EXPECT_EQ(row_after(L"12345678漢", 10), 1);
    EXPECT_EQ(row_after(L"123456789漢1234567", 10), 1);
    EXPECT_EQ(row_after(L"123456789漢12345678", 10), 2);
}

TEST_F(TerminalText, TabsAndWhatCannotBePrintedTakeMoreCells) {
    EXPECT_EQ(row_after(L"\t1", 10), 0);
    EXPECT_EQ(row_after(L"\t12", 10), 1);
    EXPECT_EQ(row_after(L"12345678\x01", 10), 1);
    EXPECT_EQ(row_after(L"123\xdcff", 10), 1);
}

}  // namespace
}  // namespace lab::testing
