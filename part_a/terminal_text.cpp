// Text on a terminal: its bytes, its characters, and the cells they take.
#include "part_a/terminal_text.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <cwchar>
#include <cwctype>

namespace lab {
namespace {

constexpr wchar_t kRawByte = 0xdc00;  // and what follows: half of a pair that UTF-8 does not have
constexpr auto kInvalid = static_cast<std::size_t>(-1);  // mbrtowc(3)
constexpr auto kIncomplete = static_cast<std::size_t>(-2);

}  // namespace

bool take_character(std::string_view& bytes, wchar_t& character) {
    std::mbstate_t state{};
    std::size_t size = std::mbrtowc(&character, bytes.data(), bytes.size(), &state);
    if (size == kIncomplete)
        return false;
    if (size == kInvalid) {
        character = kRawByte + static_cast<unsigned char>(bytes[0]);
        size = 1;
    }
    bytes.remove_prefix(std::max(size, std::size_t{1}));  // 0 stands for the character NUL
    return true;
}

std::string to_bytes(std::wstring_view text) {
    std::string bytes;
    for (const wchar_t character : text) {
        if (character > kRawByte && character <= kRawByte + 0xff) {
            bytes.push_back(static_cast<char>(character - kRawByte));
            continue;
        }
        std::array<char, MB_LEN_MAX> buffer;
        std::mbstate_t state{};
        const std::size_t size = std::wcrtomb(buffer.data(), character, &state);
        bytes.append(buffer.data(), size == kInvalid ? 0 : size);
    }
    return bytes;
}

std::wstring to_characters(std::string_view text) {
    std::wstring characters;
    for (wchar_t next = 0; !text.empty() && take_character(text, next);)
        characters.push_back(next);
    return characters;
}

void Cursor::draw(std::wstring_view text) {
    for (const wchar_t character : text)
        draw(character);
}

void Cursor::draw(wchar_t character) {
    const auto code = std::char_traits<wchar_t>::to_int_type(character);
    if (character == L'\n')
        return next_row();
    if (character == L'\t') {
        do
            put(1);
        while (column_ % 8 != 0);
        return;
    }
    if (std::iswprint(code))
        return put(::wcwidth(character));
    for (int cells = std::iswcntrl(code) ? 2 : code > 0xffff ? 8 : 7; cells > 0; --cells)
        put(1);  // ^C, \U+1FFFF, \U+DCFF
}

void Cursor::put(int cells) {
    if (column_ + cells > columns_)
        next_row();
    column_ += cells;
    if (column_ >= columns_)
        next_row();
}

void Cursor::next_row() {
    ++row_;
    column_ = 0;
}

}  // namespace lab
