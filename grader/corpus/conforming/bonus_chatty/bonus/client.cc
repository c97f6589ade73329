// The client: main polls the input; one helper prints letters, the other one waits for the end of the server.
#include <poll.h>
#include <sys/eventfd.h>

#include <atomic>
#include <cstring>
#include <iostream>
#include <mutex>
#include <thread>

#include "bells.h"
#include "segments.h"

namespace {

struct ServerGone {};

std::string channel = "lab";
ConnectSegment* office = nullptr;
Bells bells(-1);
int seat_number = -1;
CommSegment* comm = nullptr;
int server_gone_event = -1;
unsigned long sent_count = 0;
std::atomic<unsigned long> received_count{0};
std::timed_mutex output;

void print(const std::string& text) {
  const std::lock_guard<std::timed_mutex> guard(output);
  std::cout << text << '\n' << std::flush;
}

void prompt(const std::string& text) {
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return;
  const std::lock_guard<std::timed_mutex> guard(output);
  std::cout << text << std::flush;
}

// Lines of the input. Waits for the server's end at the same time.
class Input {
 public:
  // False at the end of the input.
  bool next(std::string& line) {
    for (;;) {
      const std::size_t end = buffer_.find('\n', searched_);
      if (end != std::string::npos) {
        line.assign(buffer_, 0, end);
        buffer_.erase(0, end + 1);
        searched_ = 0;
        return true;
      }
      searched_ = buffer_.size();
      if (ended_) {
        line = std::move(buffer_);
        buffer_.clear();
        searched_ = 0;
        return !line.empty();
      }
      read_more();
    }
  }

 private:
  void read_more() {
    pollfd watched[2] = {{STDIN_FILENO, POLLIN, 0}, {server_gone_event, POLLIN, 0}};
    if (poll(watched, 2, -1) < 0) return;
    if (watched[1].revents) throw ServerGone();
    if (!watched[0].revents) return;
    char chunk[4096];
    const ssize_t count = read(STDIN_FILENO, chunk, sizeof chunk);
    if (count > 0)
      buffer_.append(chunk, static_cast<std::size_t>(count));
    else if (count == 0 || errno != EINTR)
      ended_ = true;
  }

  std::string buffer_;
  std::size_t searched_ = 0;
  bool ended_ = false;
};

int bell(Bells::Of which) { return Bells::number(seat_number, which); }

template <typename T>
T* open_segment(const std::string& name) {
  const int fd = shm_open(name.c_str(), O_RDWR, 0);
  if (fd < 0) return nullptr;
  struct stat status{};
  T* at = nullptr;
  if (fstat(fd, &status) == 0 && status.st_size >= static_cast<off_t>(sizeof(T))) at = map_segment<T>(fd);
  close(fd);
  return at;
}

// Helper one. The semaphores of a server that was killed are removed, which wakes whoever waits for it.
void wait_for_the_end_of_the_server() {
  bells.wait_for_the_end_of(Bells::kServerLives);
  bells.remove();
  const std::uint64_t one = 1;
  if (write(server_gone_event, &one, sizeof one) < 0) _exit(1);
}

// Helper two. How many letters there are is counted by the bell; which one is next is known here.
void read_letters() {
  for (unsigned next = 0; bells.take(bell(Bells::Mail)) == Got::Yes; next++) {
    const Letter& letter = comm->inbox[next % kInboxSize];
    if (letter.kind == kGoodbye) return;
    std::string line = "from " + std::string(letter.from) + ": ";
    line.append(letter.text, letter.length);
    print(line);
    received_count++;
    bells.give(bell(Bells::Room));
  }
}

bool take_seat() {
  for (int i = 0; i < kSeats; i++) {
    if (office->seats[i].state != kFree || !bells.begin_life(Bells::number(i, Bells::Lives))) continue;
    if (office->seats[i].state == kFree) {
      seat_number = i;
      bells.set(bell(Bells::Reply), 0);
      return true;
    }
    bells.end_life(Bells::number(i, Bells::Lives));
  }
  return false;
}

void wait_for_reply() {
  if (bells.take(bell(Bells::Reply)) != Got::Yes) throw ServerGone();
}

// Empty, or the reason why not.
std::string ask_for(const std::string& name) {
  Seat& seat = office->seats[seat_number];
  seat.name_length = static_cast<std::uint32_t>(std::min(name.size(), sizeof seat.name));
  name.copy(seat.name, sizeof seat.name);
  seat.state = kAsking;
  bells.give(Bells::kDoor);
  wait_for_reply();
  if (seat.state != kTaken) return seat.reason;
  comm = open_segment<CommSegment>(comm_name(channel, seat.key));
  if (!comm) throw ServerGone();
  return "";
}

// The reply stays in the segment until the next request.
bool request(RequestKind kind, std::uint32_t key = 0, const std::string& text = "") {
  comm->kind = kind;
  comm->key = key;
  comm->length = static_cast<std::uint32_t>(std::min(text.size(), kLongestText + 1));
  text.copy(comm->text, kLongestText);
  bells.give(bell(Bells::Request));
  wait_for_reply();
  if (!comm->good) print("error: " + std::string(comm->reply, comm->reply_length));
  return comm->good;
}

void send(const std::string& rest) {
  const std::size_t blank = rest.find(' ');
  const std::string key = rest.substr(0, blank);
  if (key.empty() || key.find_first_not_of("0123456789") != std::string::npos) {
    print("error: after send I expect a key, which is a number; list shows them, help tells more");
  } else if (blank == std::string::npos) {
    print("error: after the key I expect a blank and a text, which may be empty");
  } else if (key.size() > 9) {
    print("error: a key as large as that has never been given to anybody");
  } else if (request(kSend, static_cast<std::uint32_t>(std::stoul(key)), rest.substr(blank + 1))) {
    sent_count++;
    print("sent to " + std::string(comm->reply, comm->reply_length));
  }
}

void help() {
  print(
      "This is the client of the chatty messenger. It understands:\n"
      "\n"
      "  list            shows who is registered: a key and a name in each line\n"
      "  send KEY TEXT   sends a text to the owner of that key; you may write to yourself, too\n"
      "                  a text is everything behind the blank, up to the end of the line\n"
      "  help            shows this\n"
      "  quit            unregisters and ends; so does the end of the input (Ctrl-D)\n"
      "\n"
      "Letters of others are printed when they come.");
}

void obey(const std::string& line) {
  if (line == "list") {
    if (request(kList)) print(std::string(comm->reply, comm->reply_length) + "end of list");
  } else if (line == "help") {
    help();
  } else if (line.compare(0, 5, "send ") == 0) {
    send(line.substr(5));
  } else if (line == "send") {
    send("");
  } else {
    print("error: I am sorry, but this is not a command of mine; help lists those that are");
  }
}

int usage() {
  std::cerr << "Usage: client [--channel channel-name] [name]\n\n"
               "  channel-name   the channel of the server: 1 to 31 letters, digits, _ or -; lab if it is not given\n"
               "  name           your name, of the same characters; without it I shall ask for one\n";
  return 2;
}

int chat(std::string name, bool has_name) {
  Input input;
  for (;;) {
    if (!has_name) {
      prompt("What is your name? ");
      if (!input.next(name)) return 1;
    }
    const std::string problem = ask_for(name);
    if (problem.empty()) break;
    print("error: " + problem);
    has_name = false;
  }
  print("registered " + name + " " + std::to_string(office->seats[seat_number].key));
  std::thread letters(read_letters);
  try {
    std::string line;
    for (prompt(name + "> "); input.next(line) && line != "quit"; prompt(name + "> ")) obey(line);
    request(kUnregister);
  } catch (const ServerGone&) {
    letters.detach();
    throw;
  }
  letters.join();
  print("unregistered " + name);
  print("* You have sent " + std::to_string(sent_count) + " and received " + std::to_string(received_count) +
        " letters.\n* Good bye, and come back soon!");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  int next = 1;
  if (next < argc && std::strcmp(argv[next], "--channel") == 0) {
    if (argc < 3) return usage();
    channel = argv[2];
    next = 3;
  }
  if (argc > next + 1 || !is_name(channel)) return usage();

  office = open_segment<ConnectSegment>(connect_name(channel));
  if (office && office->magic == kMagic) bells = Bells(office->bells);
  if (!bells.lives(Bells::kServerLives)) {
    std::cerr << "Sorry, there is no server on channel [" << channel << "]. Start one first.\n";
    return 1;
  }
  server_gone_event = eventfd(0, EFD_CLOEXEC);
  std::thread(wait_for_the_end_of_the_server).detach();
  if (!take_seat()) {
    std::cerr << "Sorry, all seats of the server are taken. Try again later.\n";
    return 1;
  }
  print("* Welcome to the chatty messenger!\n* You are on channel " + channel + ", process " +
        std::to_string(office->server_pid) + " serves you from seat " + std::to_string(seat_number) + ".");
  int status = 1;
  try {
    status = chat(next < argc ? argv[next] : "", next < argc);
  } catch (const ServerGone&) {
    std::cerr << "I am sorry: the server has gone away, and without it I can do nothing.\n";
    (void)output.try_lock_for(std::chrono::milliseconds(300));
  }
  _exit(status);  // the helpers may still sleep
}
