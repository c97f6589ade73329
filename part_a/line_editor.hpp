// Edits one line on a terminal with libedit, and prints other lines above it.
#pragma once

#include <histedit.h>
#include <termios.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace lab {

// Arrow keys, history, UTF-8, lines of any length: libedit's editline(3). One thread uses it. What
// libedit draws goes into memory and from there to the screen in one write, when the editor begins
// to wait for a key: no half-drawn line is ever seen.
class LineEditor {
  public:
    // `wait_for_keys` is called when a key is needed: it blocks until it has called read_keys(), or
    // returns false to end the input. It may call all but read_line().
    // The terminal stays as it is until enter(). Borrows the descriptors.
    LineEditor(int keyboard, int screen, std::function<bool()> wait_for_keys);
    ~LineEditor();
    LineEditor(const LineEditor&) = delete;
    LineEditor& operator=(const LineEditor&) = delete;

    // False when the terminal cannot be drawn on (TERM=dumb, or unknown): use nothing else then.
    bool usable() const;

    // Blocks until a line has been typed, and returns it with its '\n', in the bytes in which it
    // came. Nothing when the input has ended.
    std::optional<std::string> read_line();

    // Takes in what was typed, perhaps ahead; to be called when the keyboard is readable. False at
    // the keyboard's end.
    bool read_keys();
    // False while too much has been typed ahead to take in more.
    bool takes_keys() const;

    // Prints whole lines above the line that is being typed, if there is one. An unfinished line
    // waits for its end in front of what is typed: it may be a question.
    void print(std::string_view bytes);

    // Gives the terminal back as it was, the cursor below the line; enter() takes it (again).
    void leave();
    void enter();

    // The window has another size.
    void resize();

  private:
    struct CloseEditor {
        void operator()(EditLine* editor) const { ::el_end(editor); }
    };
    struct CloseHistory {
        void operator()(HistoryW* history) const { ::history_wend(history); }
    };
    // What libedit has drawn, in memory.
    struct Drawing {
        Drawing();
        ~Drawing();
        Drawing(const Drawing&) = delete;
        Drawing& operator=(const Drawing&) = delete;
        char* bytes = nullptr;
        std::size_t size = 0;
        std::FILE* const file;
    };

    static int next_key(EditLine* editor, wchar_t* key);
    static wchar_t* prompt(EditLine* editor);
    static LineEditor& owner(EditLine* editor);
    void set_prompt();
    int row_of_cursor() const;
    int last_row() const;
    int row_after(std::wstring_view typed) const;
    void show_with_line(std::string_view lines, int row);
    void draw(std::string_view bytes) const;
    void flush() const;

    const int keyboard_;
    const int screen_;
    const std::function<bool()> wait_for_keys_;
    termios before_{};
    Drawing drawing_;  // libedit, below, draws into it until its end
    std::unique_ptr<HistoryW, CloseHistory> history_;
    std::unique_ptr<EditLine, CloseEditor> editor_;
    std::string keys_;        // typed, and of them
    std::size_t taken_ = 0;   // so many bytes taken by libedit
    std::string unfinished_;  // arrived, and not yet ended
    std::wstring prompt_;
    bool editing_ = false;  // in read_line()
    bool left_ = true;      // between leave() and enter()
};

}  // namespace lab
