// A program of ours as a child: its keyboard, its screen, its end.
#include "bonus/tests/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "bonus/tests/shared_memory.hpp"
#include "common/descriptor_io.hpp"
#include "common/error.hpp"

namespace lab::testing {
namespace {

constexpr int kPatience = 10'000;  // milliseconds

struct Pipe {
    Pipe() {
        std::array<int, 2> ends{};
        checked(::pipe2(ends.data(), O_CLOEXEC), "pipe");
        out.reset(ends[0]);
        in.reset(ends[1]);
    }
    UniqueFd out;
    UniqueFd in;
};

}  // namespace

Program::Program(std::vector<std::string> words) {
    Pipe keyboard, screen, errors;
    const std::string path = LAB_PROGRAMS + words[0];
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, keyboard.out.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, screen.in.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, errors.in.get(), STDERR_FILENO);
    errno = ::posix_spawn(&pid_, path.c_str(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    checked(errno == 0 ? 0 : -1, "start " + path);
    keyboard_ = std::move(keyboard.in);
    screen_ = std::move(screen.out);
    errors_ = std::move(errors.out);
}

Program::~Program() {
    if (pid_ == 0)
        return;
    signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void Program::suspend() const {
    signal(SIGSTOP);
    ::waitpid(pid_, nullptr, WUNTRACED);
}

void Program::type(std::string_view text) {
    write_all(keyboard_.get(), text);
}

std::string Program::hear() {
    std::size_t end = 0;
    while ((end = heard_.find('\n')) == heard_.npos) {
        pollfd news{.fd = screen_.get(), .events = POLLIN, .revents = 0};
        if (::poll(&news, 1, kPatience) <= 0)
            return kNothing;
        std::array<char, 65536> buffer;
        const std::size_t count = read_some(screen_.get(), buffer);
        if (count == 0)
            return kEnd;
        heard_.append(buffer.data(), count);
    }
    std::string line = heard_.substr(0, end);
    heard_.erase(0, end + 1);
    return line;
}

std::string Program::hear_of(std::string_view beginning) {
    for (;;) {
        std::string line = hear();
        if (line.starts_with(beginning) || line == kEnd || line == kNothing)
            return line;
    }
}

std::string Program::complaint() const {
    std::string said;
    std::array<char, 4096> buffer;
    while (const std::size_t count = read_some(errors_.get(), buffer))
        said.append(buffer.data(), count);
    return said;
}

std::optional<int> Program::status() {
    int status = 0;
    if (!eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; }))
        return std::nullopt;
    pid_ = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace lab::testing
