// Drives a student's libst_proactor as it is told on standard input, and reports what it sees.
//
// It holds no expectation: what is right is decided by the grader, outside this process. PAIR is
// the number of a socketpair: its one end is given to the proactor, the driver writes into the
// other.
//
//   new                -> made NULL|VALUE              createProactor
//   pair               -> paired PAIR FD
//   listen             -> paired PAIR FD PORT          a listening socket instead of a pair
//   add PAIR KIND      -> added PAIR RESULT ERRNO      with a handler of that kind, see below
//   addother PAIR KIND -> added PAIR RESULT ERRNO      the same with another function
//   remove PAIR        -> removed PAIR RESULT ERRNO
//   addfd FD           -> added FD RESULT ERRNO        a bare number, to see errors
//   removefd FD        -> removed FD RESULT ERRNO
//   write PAIR TEXT    -> wrote PAIR COUNT
//   end PAIR           -> ended PAIR                   end-of-file at the proactor's side
//   renew PAIR         -> renewed PAIR SAME|OTHER      both ends anew: with the same number?
//   open PAIR          -> open PAIR YES|NO             is the proactor's end still open?
//   run                -> running, and `ran RESULT` when runProactor has returned
//   cancel             -> cancelled RESULT
//   release PAIR       -> released PAIR                lets a holding handler go on
//   releaseother PAIR  -> released PAIR                the same for the other function
//   destroy            -> destroyed
//   destroyaside       -> destroying, and `destroyed` when destroyProactor has returned
//
// Kinds of handlers; each reports `start PAIR TID first|other` (which function it is) first and
// `done PAIR TEXT` last:
//   read (reads what is there), sip (reads one byte), hold (waits for release, then reads), leave
//   (removes itself, without reading), accept (accepts and closes), cancel (reads, then cancels),
//   swap (removes itself, adds itself again, reads), next (reads, then adds the pair with the next
//   number, kind read)
#include HEADER

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

namespace {

struct Pair {
    int number = 0, fd = -1, far_end = -1;
    std::string kind;
};

std::mutex lock;  // guards all of these
std::condition_variable released_one;
std::map<int, Pair> pairs;
std::set<std::pair<int, std::string>> released;  // with the name of the function
void* proactor = nullptr;

void report(const std::string& line) {
    std::string whole = line + "\n";
    if (write(STDOUT_FILENO, whole.data(), whole.size()) < 0)
        _exit(3);
}

template <class... Words>
std::string words(const Words&... word) {
    std::ostringstream line;
    const char* gap = "";
    ((line << gap << word, gap = " "), ...);
    return line.str();
}

std::string read_up_to(size_t most, int fd) {
    char buffer[256];
    ssize_t count = recv(fd, buffer, std::min(most, sizeof buffer), MSG_DONTWAIT);
    if (count < 0)
        return "nothing";
    return count == 0 ? "end" : std::string(buffer, static_cast<size_t>(count));
}

Pair pair_of(int fd) {
    std::lock_guard guard(lock);
    for (auto& [number, pair] : pairs)
        if (pair.fd == fd)
            return pair;
    return {-1, fd, -1, "read"};
}

void hold(int number, const std::string& which) {
    std::unique_lock guard(lock);
    released_one.wait(guard, [&] { return released.erase({number, which}) > 0; });
}

void add_next(void* self, int number, handler_t handler) {
    std::unique_lock guard(lock);
    int other = pairs[number + 1].fd;
    guard.unlock();
    addFD2Proactor(self, other, handler);
}

void work(void* self, int fd, handler_t handler, const std::string& which) {
    Pair pair = pair_of(fd);
    report(words("start", pair.number, syscall(SYS_gettid), which));
    std::string text = "-";
    if (pair.kind == "hold")
        hold(pair.number, which);
    if (pair.kind == "leave" || pair.kind == "swap")
        removeHandler(self, fd);
    if (pair.kind == "accept") {
        close(accept(fd, nullptr, nullptr));
        text = "accepted";
    } else if (pair.kind != "leave") {
        text = read_up_to(pair.kind == "sip" ? 1 : std::string::npos, fd);
    }
    if (pair.kind == "swap")
        addFD2Proactor(self, fd, handler);
    if (pair.kind == "next")
        add_next(self, pair.number, handler);
    if (pair.kind == "cancel")
        cancelProactor(self);
    report(words("done", pair.number, text));
}

void handle(void* self, int fd) {
    work(self, fd, handle, "first");
}

void handle_otherwise(void* self, int fd) {
    work(self, fd, handle_otherwise, "other");
}

void open_pair(Pair& pair) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        _exit(4);
    pair.fd = ends[0];
    pair.far_end = ends[1];
}

int open_listener(Pair& pair) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    pair.fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(pair.fd, reinterpret_cast<sockaddr*>(&where), size) != 0 || listen(pair.fd, 8) != 0)
        _exit(4);
    getsockname(pair.fd, reinterpret_cast<sockaddr*>(&where), &size);
    return ntohs(where.sin_port);
}

std::string add_pair(const std::string& command) {
    std::lock_guard guard(lock);
    Pair& pair = pairs[static_cast<int>(pairs.size())];
    pair.number = static_cast<int>(pairs.size()) - 1;
    pair.kind = "read";
    if (command == "listen") {
        int port = open_listener(pair);
        return words("paired", pair.number, pair.fd, port);
    }
    open_pair(pair);
    return words("paired", pair.number, pair.fd);
}

std::string renew(int number) {
    std::lock_guard guard(lock);
    Pair& pair = pairs[number];
    int before = pair.fd;
    close(pair.fd);
    close(pair.far_end);
    open_pair(pair);
    return words("renewed", number, pair.fd == before ? "SAME" : "OTHER");
}

std::string on_descriptor(const std::string& command, int number) {
    errno = 0;
    int fd = number;
    if (command == "add" || command == "addother" || command == "remove") {
        std::lock_guard guard(lock);
        fd = pairs[number].fd;
    }
    bool adds = command.starts_with("add");
    handler_t handler = command == "addother" ? handle_otherwise : handle;
    int result = adds ? addFD2Proactor(proactor, fd, handler) : removeHandler(proactor, fd);
    return words(adds ? "added" : "removed", number, result, result == 0 ? 0 : errno);
}

std::string on_pair(const std::string& command, int number, const std::string& text) {
    std::unique_lock guard(lock);
    Pair& pair = pairs[number];
    if (command == "write")
        return words("wrote", number, send(pair.far_end, text.data(), text.size(), MSG_NOSIGNAL));
    if (command == "end") {
        shutdown(pair.far_end, SHUT_WR);
        return words("ended", number);
    }
    if (command == "open") {
        char byte;
        bool open = recv(pair.fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) >= 0 || errno != EBADF;
        return words("open", number, open ? "YES" : "NO");
    }
    if (command.starts_with("release")) {
        released.insert({number, command == "release" ? "first" : "other"});
        released_one.notify_all();
        return words("released", number);
    }
    if (command.starts_with("add"))
        pair.kind = text;
    guard.unlock();
    return on_descriptor(command, number);
}

std::string obey(const std::string& command, int number, const std::string& text) {
    if (command == "new") {
        proactor = createProactor();
        return words("made", proactor == nullptr ? "NULL" : "VALUE");
    }
    if (command == "pair" || command == "listen")
        return add_pair(command);
    if (command == "renew")
        return renew(number);
    if (command == "addfd" || command == "removefd")
        return on_descriptor(command, number);
    if (command == "run") {
        std::thread([] { report(words("ran", runProactor(proactor))); }).detach();
        return "running";
    }
    if (command == "destroyaside") {
        std::thread([] {
            destroyProactor(proactor);
            report("destroyed");
        }).detach();
        return "destroying";
    }
    if (command == "cancel")
        return words("cancelled", cancelProactor(proactor));
    if (command == "destroy") {
        destroyProactor(proactor);
        return "destroyed";
    }
    return on_pair(command, number, text);
}

}  // namespace

int main() {
    std::string line;
    while (std::getline(std::cin, line)) {
        std::istringstream input(line);
        std::string command, text;
        int number = 0;
        input >> command >> number >> text;
        report(obey(command, number, text));
    }
    _exit(0);  // the student's threads may still run: their end is not what is asked here
}
