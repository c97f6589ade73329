// The client: main reads and asks, the listener prints what arrives and looks whether the server lives.
#include <cstdio>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>

#include "common.hpp"

namespace {

std::string channel = "lab";
int connect_fd = -1;
Connect* conn;
Seat* seat;
std::atomic<Comm*> comm{nullptr};
std::timed_mutex output;

void print(const std::string& lines) {
  std::lock_guard guard(output);
  std::cout << lines << '\n' << std::flush;
}

void prompt(const char* text) {
  if (!isatty(0) || !isatty(1)) return;
  std::lock_guard guard(output);
  std::cout << text << std::flush;
}

[[noreturn]] void server_gone() {
  std::cerr << "client: the server has gone away\n";
  (void)output.try_lock_for(std::chrono::milliseconds(500));  // no line is cut in half
  std::_Exit(1);
}

void* map_segment(int fd, size_t size) {
  struct stat status;
  if (fstat(fd, &status) != 0 || static_cast<size_t>(status.st_size) < size) return nullptr;
  void* at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return at == MAP_FAILED ? nullptr : at;
}

bool find_server() {
  connect_fd = shm_open(connect_path(channel).c_str(), O_RDWR, 0);
  if (connect_fd < 0 || !byte_is_taken(connect_fd, 0)) return false;
  conn = static_cast<Connect*>(map_segment(connect_fd, sizeof *conn));
  return conn && conn->magic == kMagic;
}

// Who locks the byte of a free seat has the seat.
bool find_seat() {
  for (size_t i = 0; i < kSeats; i++) {
    if (conn->seats[i].state != Free || !take_byte(connect_fd, 1 + i)) continue;
    if (conn->seats[i].state == Free) {
      seat = &conn->seats[i];
      return true;
    }
    give_byte(connect_fd, 1 + i);
  }
  return false;
}

void print_one_mail(Comm& from) {
  const uint64_t taken = from.taken;
  MailHead head;
  ring_copy_out(&head, from.ring, taken, sizeof head);
  std::string text(head.size, '\0');
  ring_copy_out(text.data(), from.ring, taken + sizeof head, head.size);
  from.taken = taken + sizeof head + head.size;
  sem_post(&seat->space);
  print("from " + std::string(head.from) + ": " + text);
}

void listener() {
  auto looked = Clock::now();
  for (;;) {
    sem_wait_until(seat->mail, Clock::now() + kTick);
    if (Comm* from = comm) {
      const bool closed = from->closed;  // first this, then the ring: nothing is written after it
      while (from->taken != from->written) print_one_mail(*from);
      if (closed) return;
    }
    if (Clock::now() - looked < kTick) continue;
    looked = Clock::now();
    if (!byte_is_taken(connect_fd, 0)) server_gone();
  }
}

// The reason if the name is refused.
std::optional<std::string> ask_for(const std::string& name) {
  seat->name_size = std::min(name.size(), sizeof seat->name);
  name.copy(seat->name, sizeof seat->name);
  seat->state = Asking;
  sem_post(&conn->door);
  while (seat->state == Asking) sem_wait_until(seat->reply, Clock::now() + kTick);
  if (seat->state == Refused) return seat->reason;
  return {};
}

bool request(Action action, uint32_t key = 0, std::string_view text = {}) {
  Comm& to = *comm;
  to.action = action;
  to.key = key;
  to.size = text.size() > kTextMax ? kTextMax + 1 : text.size();
  text.copy(to.text, kTextMax);
  const uint32_t number = to.asked + 1;
  to.asked = number;
  sem_post(&seat->request);
  while (to.answered != number) sem_wait_until(seat->reply, Clock::now() + kTick);
  if (!to.good) print("error: " + std::string(to.reply, to.reply_size));
  return to.good;
}

void send(std::string_view rest) {
  const size_t blank = rest.find(' ');
  const std::string_view digits = rest.substr(0, blank);
  if (blank == rest.npos || digits.empty() || digits.find_first_not_of("0123456789") != digits.npos)
    return print("error: say: send KEY TEXT");
  uint64_t key = 0;
  for (const char digit : digits) key = std::min<uint64_t>(key * 10 + (digit - '0'), uint64_t(1) << 32);
  if (key > UINT32_MAX) return print("error: no such key");
  if (request(Send, static_cast<uint32_t>(key), rest.substr(blank + 1))) print("sent to " + std::string(digits));
}

void obey(const std::string& line) {
  if (line == "list") {
    if (request(List)) print(std::string(comm.load()->reply, comm.load()->reply_size) + "end of list");
  } else if (line == "help") {
    print("list\nsend KEY TEXT\nquit");
  } else if (line.compare(0, 5, "send ") == 0) {
    send(std::string_view(line).substr(5));
  } else if (line == "send") {
    print("error: say: send KEY TEXT");
  } else {
    print("error: I do not know this command");
  }
}

int usage() {
  std::cerr << "usage: client [--channel channel-name] [name]\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  int next = 1;
  if (argc > 1 && std::string(argv[1]) == "--channel") {
    if (argc == 2) return usage();
    channel = argv[2];
    next = 3;
  }
  if (argc - next > 1 || !valid_name(channel)) return usage();
  if (!find_server()) {
    std::cerr << "client: there is no server on channel " << channel << "\n";
    return 1;
  }
  if (!find_seat()) {
    std::cerr << "client: the server has no room for more clients\n";
    return 1;
  }
  std::thread listening(listener);

  std::string name;
  bool given = argc > next;
  if (given) name = argv[next];
  for (;;) {
    if (!given) {
      prompt("name? ");
      if (!std::getline(std::cin, name)) std::_Exit(1);
    }
    const auto refused = ask_for(name);
    if (!refused) break;
    print("error: " + *refused);
    given = false;
  }
  const int fd = shm_open(comm_path(channel, seat->key).c_str(), O_RDWR, 0);
  Comm* mine = fd < 0 ? nullptr : static_cast<Comm*>(map_segment(fd, sizeof(Comm)));
  if (!mine) server_gone();
  close(fd);
  print("registered " + name + " " + std::to_string(seat->key));
  comm = mine;
  sem_post(&seat->mail);

  std::string line;
  for (prompt("> "); std::getline(std::cin, line) && line != "quit"; prompt("> ")) obey(line);
  request(Unregister);
  listening.join();
  print("unregistered " + name);
  return 0;
}
