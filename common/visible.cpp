// Text from afar, made harmless for a terminal.
#include "common/visible.hpp"

#include <cwchar>
#include <cwctype>

namespace lab {
namespace {

// How many bytes at the start of `bytes` are one printable character: 0 when they are none.
std::size_t printable(std::string_view bytes) {
    std::mbstate_t state{};
    wchar_t character = 0;
    const std::size_t size = std::mbrtowc(&character, bytes.data(), bytes.size(), &state);
    const bool is_text =
        size <= bytes.size() && std::iswprint(std::char_traits<wchar_t>::to_int_type(character));
    return is_text ? size : 0;
}

void append_code(std::string& shown, char byte) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto code = static_cast<unsigned char>(byte);
    if (code < 0x20 || code == 0x7f)
        shown.append({'^', static_cast<char>(code ^ 0x40)});
    else
        shown.append({'\\', 'x', kDigits[code >> 4], kDigits[code & 15]});
}

}  // namespace

std::string visible(std::string_view bytes) {
    std::string shown;
    while (!bytes.empty()) {
        std::size_t size = printable(bytes);
        if (size > 0 || bytes[0] == '\n' || bytes[0] == '\t') {
            size = std::max(size, std::size_t{1});
            shown.append(bytes.substr(0, size));
        } else if (!bytes.starts_with("\r\n")) {
            append_code(shown, bytes[0]);
        }
        bytes.remove_prefix(std::max(size, std::size_t{1}));
    }
    return shown;
}

}  // namespace lab
