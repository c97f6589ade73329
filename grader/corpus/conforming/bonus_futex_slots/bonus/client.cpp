// The client. Threads: main has the keyboard, one prints mail, one waits for the end of the server.
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <charconv>
#include <cstring>
#include <iostream>
#include <mutex>
#include <thread>
#include <vector>

#include "process.hpp"
#include "protocol.hpp"

using namespace protocol;
using namespace std::chrono_literals;

namespace {

std::timed_mutex output_mutex;

void print(std::string lines) {
  lines += '\n';
  const std::lock_guard guard(output_mutex);
  std::cout << lines << std::flush;
}

void prompt(std::string_view text) {
  static const bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  if (!terminal) return;
  const std::lock_guard guard(output_mutex);
  std::cout << text << std::flush;
}

template <typename Segment>
Segment* map_existing(const std::string& path) {
  const int fd = shm_open(path.c_str(), O_RDWR, 0);
  if (fd < 0) return nullptr;
  struct stat status;
  void* at = MAP_FAILED;
  if (fstat(fd, &status) == 0 && status.st_size >= static_cast<off_t>(sizeof(Segment)))
    at = mmap(nullptr, sizeof(Segment), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return at == MAP_FAILED ? nullptr : static_cast<Segment*>(at);
}

[[noreturn]] void server_is_gone() {
  std::cerr << "client: the server is gone\n";
  if (!output_mutex.try_lock_for(300ms)) std::cerr << "client: a line may be cut short\n";
  _exit(1);
}

class Client {
 public:
  bool connect(const std::string& channel) {
    channel_ = channel;
    connect_ = map_existing<Connect>(connect_path(channel));
    if (!connect_ || connect_->magic != kMagic) return false;
    const int server = watch_process(static_cast<pid_t>(connect_->server.load()), connect_->server_start);
    if (server < 0) return false;
    std::thread([server] {
      pollfd entry{server, POLLIN, 0};
      while (poll(&entry, 1, -1) < 1) continue;
      server_is_gone();
    }).detach();
    return true;
  }

  // The reason if it is refused.
  std::string enter(const std::string& name) {
    Desk& desk = claim_desk();
    desk.owner_start = start_time(getpid());
    desk.size = static_cast<uint32_t>(std::min(name.size(), sizeof desk.name));
    name.copy(desk.name, sizeof desk.name);
    desk.state = Desk::Question;
    connect_->door++;
    futex_wake(connect_->door);
    uint32_t state;
    while ((state = desk.state) == Desk::Question) futex_wait(desk.state, state);
    std::string reason;
    if (state == Desk::Welcome)
      key_ = desk.key;
    else
      reason = desk.reason;
    desk.state = Desk::Idle;
    desk.owner = 0;
    connect_->desk_given++;
    futex_wake(connect_->desk_given);
    if (!reason.empty()) return reason;

    comm_ = map_existing<Comm>(comm_path(channel_, key_));
    if (!comm_) server_is_gone();
    print("registered " + name + " " + std::to_string(key_));
    mail_ = std::thread(&Client::print_mail, this);
    return {};
  }

  void run() {
    std::string line;
    for (prompt("> "); std::getline(std::cin, line) && line != "quit"; prompt("> ")) command(line);
    std::string answer;
    request(Action::Unregister, 0, {}, answer);
    mail_.join();
  }

 private:
  Desk& claim_desk() {
    for (;;) {
      const uint32_t seen = connect_->desk_given;
      for (Desk& desk : connect_->desks) {
        uint32_t nobody = 0;
        if (desk.owner.compare_exchange_strong(nobody, static_cast<uint32_t>(getpid()))) return desk;
      }
      futex_wait_until(connect_->desk_given, seen, Clock::now() + 500ms);
    }
  }

  bool request(Action action, uint32_t key, std::string_view text, std::string& answer) {
    Call& call = comm_->call;
    call.action = static_cast<uint32_t>(action);
    call.key = key;
    call.size = static_cast<uint32_t>(std::min(text.size(), kTextMax + 1));
    text.copy(call.text, kTextMax);
    set_and_wake(call.state, Call::Request);
    while (call.state == Call::Request) futex_wait(call.state, Call::Request);
    if (call.state != Call::Reply)  // the server stops; the other thread says so
      for (;;) pause();
    answer.assign(call.answer, std::min<size_t>(call.answer_size, kListMax));
    if (!call.good) print("error: " + answer);
    return call.good;
  }

  void command(const std::string& line) {
    std::string answer;
    if (line == "list") {
      if (request(Action::List, 0, {}, answer)) print(answer + "end of list");
    } else if (line == "help") {
      print("  list           who is there, sorted by name\n  send KEY TEXT  to the owner of the key\n  quit");
    } else if (line.starts_with("send ")) {
      send(line);
    } else {
      print("error: cannot do that; help shows what I can");
    }
  }

  void send(const std::string& line) {
    const char* const begin = line.data() + strlen("send ");
    const char* const end = line.data() + line.size();
    uint32_t key;
    const auto [rest, problem] = std::from_chars(begin, end, key);
    if (problem != std::errc{} || rest == end || *rest != ' ') return print("error: this is no key and text");
    std::string answer;
    const std::string_view text(rest + 1, end);
    if (request(Action::Send, key, text, answer)) print("sent " + std::to_string(text.size()) + " bytes");
  }

  void print_mail() {
    for (size_t next = 0;; next++) {
      Slot& slot = comm_->slots[next % kSlots];
      for (;;) {
        const uint32_t bell = comm_->bell;
        const bool closed = comm_->closed;
        if (slot.full) break;
        if (closed) return;
        futex_wait(comm_->bell, bell);
      }
      std::string line = "from " + std::string(slot.from) + ": ";
      line.append(slot.text, slot.size);
      set_and_wake(slot.full, 0);
      print(std::move(line));
    }
  }

  std::string channel_;
  Connect* connect_ = nullptr;
  Comm* comm_ = nullptr;
  uint32_t key_ = 0;
  std::thread mail_;
};

int usage() {
  std::cerr << "usage: client [--channel channel-name] [name]\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  std::string channel = "lab";
  if (!arguments.empty() && arguments[0] == "--channel") {
    if (arguments.size() < 2) return usage();
    channel = arguments[1];
    arguments.erase(arguments.begin(), arguments.begin() + 2);
  }
  if (arguments.size() > 1 || !is_name(channel)) return usage();

  Client client;
  if (!client.connect(channel)) {
    std::cerr << "client: no server listens on channel " << channel << '\n';
    return 1;
  }
  std::string name;
  const auto ask = [&name] {
    prompt("Your name: ");
    if (!std::getline(std::cin, name)) _exit(1);
  };
  if (arguments.empty())
    ask();
  else
    name = arguments[0];
  for (std::string reason; !(reason = client.enter(name)).empty(); ask()) print("error: " + reason);
  client.run();
  print("unregistered " + name);
  return 0;
}
