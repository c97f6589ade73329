// Edits one line on a terminal with libedit, and prints other lines above it.
#include "part_a/line_editor.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "common/descriptor_io.hpp"
#include "common/visible.hpp"
#include "part_a/terminal_text.hpp"

namespace lab {
namespace {

constexpr int kHistory = 500;                            // lines
constexpr std::size_t kMostKeys = std::size_t{1} << 20;  // bytes, typed ahead
constexpr std::size_t kLongestUnfinished = 1000;  // bytes; what is longer goes on in a new row
constexpr std::string_view kEraseBelow = "\033[J";

}  // namespace

LineEditor::Drawing::Drawing() : file(::open_memstream(&bytes, &size)) {}

LineEditor::Drawing::~Drawing() {
    std::fclose(file);
    std::free(bytes);
}

LineEditor::LineEditor(int keyboard, int screen, std::function<bool()> wait_for_keys)
    : keyboard_(keyboard),
      screen_(screen),
      wait_for_keys_(std::move(wait_for_keys)),
      history_(::history_winit()) {
    ::tcgetattr(keyboard_, &before_);
    std::FILE* const drawing = drawing_.file;
    editor_.reset(::el_init_fd("client", stdin, drawing, drawing, keyboard, screen, screen));
    std::rewind(drawing);  // forget what libedit has to say about an unknown terminal
    EditLine* const editor = editor_.get();
    ::el_wset(editor, EL_CLIENTDATA, this);
    ::el_wset(editor, EL_GETCFN, &LineEditor::next_key);
    ::el_wset(editor, EL_PROMPT, &LineEditor::prompt);
    ::el_wset(editor, EL_EDITOR, L"emacs");
    ::el_wset(editor, EL_BIND, L"\t", L"ed-insert", nullptr);  // a tab is text
    HistEventW event{};
    ::history_w(history_.get(), &event, H_SETSIZE, kHistory);
    ::history_w(history_.get(), &event, H_SETUNIQUE, 1);
    ::el_wset(editor, EL_HIST, ::history_w, history_.get());
}

// leave() has given the terminal back. libedit would do that once more, and throw away what has
// been typed ahead for whoever reads next.
LineEditor::~LineEditor() {
    ::el_wset(editor_.get(), EL_EDITMODE, 0);
}

bool LineEditor::usable() const {
    const char* erase_below = nullptr;
    ::el_get(editor_.get(), EL_GETTC, "cd", &erase_below);
    return erase_below != nullptr && std::string_view(erase_below).starts_with(kEraseBelow);
}

std::optional<std::string> LineEditor::read_line() {
    set_prompt();
    editing_ = true;
    int count = 0;
    const wchar_t* const line = ::el_wgets(editor_.get(), &count);
    editing_ = false;
    if (line == nullptr && !left_)
        draw("\n");  // Ctrl-D
    flush();
    if (line == nullptr)
        return {};
    HistEventW event{};
    if (count > 1)
        ::history_w(history_.get(), &event, H_ENTER, line);
    unfinished_.clear();  // has been answered
    return to_bytes({line, static_cast<std::size_t>(count)});
}

void LineEditor::print(std::string_view bytes) {
    unfinished_.append(bytes);
    if (unfinished_.find('\n') == std::string::npos && unfinished_.size() > kLongestUnfinished)
        unfinished_.push_back('\n');
    const std::size_t end = unfinished_.rfind('\n') + 1;  // 0 when there is none: npos + 1 == 0
    const std::string lines = visible(unfinished_.substr(0, end));
    unfinished_.erase(0, end);
    show_with_line(lines, row_of_cursor());
}

void LineEditor::enter() {
    ::el_wset(editor_.get(), EL_PREP_TERM, 0);  // or libedit would not look at the terminal again
    ::el_wset(editor_.get(), EL_PREP_TERM, 1);
    // Between two lines, too, the kernel must neither echo nor hold back what is typed ahead.
    ::el_wset(editor_.get(), EL_SETTY, L"-x", L"-echo", L"-icanon", nullptr);
    show_with_line("", left_ ? 0 : row_of_cursor());
    left_ = false;
}

void LineEditor::leave() {
    if (editing_)
        draw(std::string(static_cast<std::size_t>(last_row() - row_of_cursor() + 1), '\n'));
    else
        draw(visible(unfinished_));
    flush();
    left_ = true;
    ::el_wset(editor_.get(), EL_PREP_TERM, 0);
    ::tcsetattr(keyboard_, TCSANOW, &before_);
}

// Whether the terminal has wrapped the rows anew is not known. Where it has not, too few of them
// are erased rather than too many: that takes nothing from what others have said.
void LineEditor::resize() {
    const int row_before = row_of_cursor();
    ::el_resize(editor_.get());
    show_with_line("", std::min(row_before, row_of_cursor()));
}

bool LineEditor::takes_keys() const {
    return keys_.size() < kMostKeys;
}

bool LineEditor::read_keys() {
    std::array<char, 4096> buffer;
    const std::size_t count = read_some(keyboard_, buffer);
    keys_.append(buffer.data(), count);
    return count > 0;
}

// libedit's call for a key. All that it has drawn so far is shown first.
int LineEditor::next_key(EditLine* editor, wchar_t* key) {
    LineEditor& self = owner(editor);
    for (;;) {
        std::string_view left = std::string_view(self.keys_).substr(self.taken_);
        if (take_character(left, *key)) {
            self.taken_ = self.keys_.size() - left.size();
            return 1;
        }
        self.keys_.erase(0, std::exchange(self.taken_, 0));
        self.flush();
        if (!self.wait_for_keys_())
            return 0;
    }
}

wchar_t* LineEditor::prompt(EditLine* editor) {
    return owner(editor).prompt_.data();
}

LineEditor& LineEditor::owner(EditLine* editor) {
    LineEditor* self = nullptr;
    ::el_wget(editor, EL_CLIENTDATA, &self);
    return *self;
}

void LineEditor::set_prompt() {
    prompt_ = unfinished_.empty() ? L"> " : to_characters(visible(unfinished_));
}

// Where libedit has left the cursor, which it does not tell: in a row of the line being typed.
int LineEditor::row_of_cursor() const {
    const LineInfoW* const line = ::el_wline(editor_.get());
    return row_after({line->buffer, line->cursor});
}

int LineEditor::last_row() const {
    const LineInfoW* const line = ::el_wline(editor_.get());
    return row_after({line->buffer, line->lastchar});
}

int LineEditor::row_after(std::wstring_view typed) const {
    int columns = 0;
    int rows = 0;
    ::el_get(editor_.get(), EL_GETTC, "co", &columns);
    ::el_get(editor_.get(), EL_GETTC, "li", &rows);
    Cursor cursor(columns);
    cursor.draw(prompt_);
    cursor.draw(typed);
    return std::min(cursor.row(), rows - 1);  // what was above has scrolled away
}

// Erases the line being typed, `row` rows up from here, and draws `lines` and then it anew.
void LineEditor::show_with_line(std::string_view lines, int row) {
    if (!editing_) {
        draw(lines);
        return flush();
    }
    draw("\r");
    if (row > 0)
        draw("\033[" + std::to_string(row) + "A");
    draw(kEraseBelow);
    draw(lines);
    set_prompt();
    ::el_wset(editor_.get(), EL_REFRESH);
    flush();
}

void LineEditor::draw(std::string_view bytes) const {
    std::fwrite(bytes.data(), 1, bytes.size(), drawing_.file);
}

void LineEditor::flush() const {
    std::fflush(drawing_.file);
    write_all(screen_, {drawing_.bytes, drawing_.size});
    std::rewind(drawing_.file);
}

}  // namespace lab
