// Text from afar, made harmless for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace lab {

// A terminal obeys escape sequences: they move its cursor, change its title and colours, and some
// make it answer as if the user had typed. So what others have said is shown, never obeyed: a
// control character becomes visible (ESC is ^[, DEL is ^?), and so does a byte that is no text in
// the locale's encoding (\x9b). Newlines and tabs stay; a '\r' before a '\n' goes.
std::string visible(std::string_view bytes);

}  // namespace lab
