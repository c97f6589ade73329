// Text on a terminal: its bytes, its characters, and the cells they take.
#pragma once

#include <string>
#include <string_view>

namespace lab {

// Takes the first character out of `bytes`, in the locale's encoding; false when it is not whole
// yet. A byte that is no text becomes a character that Unicode keeps free of text, so that it can
// be edited and comes out as it came in.
bool take_character(std::string_view& bytes, wchar_t& character);

// Back to the bytes that take_character() has taken.
std::string to_bytes(std::wstring_view text);

// Printable text, see visible(), as characters.
std::wstring to_characters(std::string_view text);

// Where libedit's cursor is after it has drawn a text into rows of so many cells: a row that is
// full ends at once, a wide character is never cut, and what cannot be printed is written in ASCII.
class Cursor {
  public:
    explicit Cursor(int columns) : columns_(columns) {}

    void draw(std::wstring_view text);

    // Counted from 0, the row in which the text began.
    int row() const { return row_; }

  private:
    void draw(wchar_t character);
    void put(int cells);
    void next_row();

    const int columns_;
    int row_ = 0;
    int column_ = 0;
};

}  // namespace lab
