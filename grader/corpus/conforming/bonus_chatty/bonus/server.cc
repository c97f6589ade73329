// The server: a porter registers, a worker per client answers, main waits for the signal that stops it.
#include <dirent.h>
#include <sys/file.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <iostream>
#include <list>
#include <memory>
#include <mutex>
#include <sstream>
#include <thread>
#include <vector>

#include "bells.h"
#include "segments.h"

using namespace std::chrono_literals;

namespace {

struct Client {
  std::string name;
  std::uint32_t key = 0;
  int seat = 0;
  CommSegment* comm = nullptr;
  std::timed_mutex posting;
  std::atomic<bool> leaving{false};
  unsigned next_letter = 0;

  ~Client() {
    if (comm) munmap(comm, sizeof *comm);
  }
};
using ClientPtr = std::shared_ptr<Client>;

struct Worker {
  std::thread thread;
  std::shared_ptr<std::atomic<bool>> ended;
};

std::string channel = "lab";
ConnectSegment* office = nullptr;
Bells bells(-1);
std::atomic<bool> stopping{false};
std::atomic<unsigned long> registered_count{0}, message_count{0}, error_count{0};

std::mutex clients_mutex;
std::list<ClientPtr> clients;
std::mutex log_mutex;

template <typename... Parts>
void say(const Parts&... parts) {
  char time[40];
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  std::strftime(time, sizeof time, "%a %d %b %H:%M:%S", localtime_r(&now, &local));
  std::ostringstream line;
  line << time << " | ";
  (line << ... << parts) << '\n';
  const std::lock_guard<std::mutex> guard(log_mutex);
  std::cout << line.str() << std::flush;
}

int remove_left_overs() {
  const std::string prefix = connect_name(channel).substr(1) + ".";
  std::vector<std::string> found;
  if (DIR* const dir = opendir("/dev/shm")) {
    while (const dirent* const entry = readdir(dir))
      if (std::string(entry->d_name).compare(0, prefix.size(), prefix) == 0) found.emplace_back(entry->d_name);
    closedir(dir);
  }
  for (const std::string& name : found) shm_unlink(("/" + name).c_str());
  return static_cast<int>(found.size());
}

// The descriptor of the connect segment, locked; or -1.
int open_office() {
  const std::string name = connect_name(channel), file = "/dev/shm" + name;
  for (;;) {
    const int fd = shm_open(name.c_str(), O_RDWR | O_CREAT, 0600);
    if (fd < 0) {
      std::cerr << "Sorry, I cannot make the connect channel: " << std::strerror(errno) << "\n";
      return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      std::cerr << "Sorry, there is a server on channel [" << channel << "] already, and there can be only one.\n"
                << "Stop that one first, or choose another channel.\n";
      return -1;
    }
    struct stat opened{}, named{};
    const bool current =
        fstat(fd, &opened) == 0 && stat(file.c_str(), &named) == 0 && opened.st_ino == named.st_ino;
    if (current && opened.st_size == 0) return fd;
    if (current) {
      say("a server was killed here; I tidy up after it");
      if (opened.st_size >= static_cast<off_t>(sizeof(ConnectSegment)))
        if (auto* const old = map_segment<ConnectSegment>(fd)) {
          if (old->magic == kMagic) Bells(old->bells).remove();  // and its clients wake up
          munmap(old, sizeof *old);
        }
      shm_unlink(name.c_str());
    }
    close(fd);
  }
}

// ---- letters ----

// Empty, or what went wrong.
std::string post(Client& to, std::uint32_t kind, const std::string& from, const std::string& text) {
  const auto until = std::chrono::steady_clock::now() + 1000ms;
  const std::unique_lock<std::timed_mutex> lock(to.posting, until);
  if (!lock) return "the inbox of " + to.name + " has been full for a second, try again later";
  if (to.leaving && kind != kGoodbye) return to.name + " is just leaving";
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  switch (bells.take(Bells::number(to.seat, Bells::Room), std::max(left, 0ms))) {
    case Got::Yes: break;
    case Got::Timeout: return "the inbox of " + to.name + " has been full for a second, try again later";
    case Got::Removed: return "the server is closing";
  }
  Letter& letter = to.comm->inbox[to.next_letter++ % kInboxSize];
  letter.kind = kind;
  letter.length = static_cast<std::uint32_t>(text.size());
  std::memcpy(letter.from, from.c_str(), from.size() + 1);
  std::memcpy(letter.text, text.data(), text.size());
  if (!bells.give(Bells::number(to.seat, Bells::Mail))) return "the inbox of " + to.name + " is broken";
  return "";
}

bool lives(const Client& client) { return bells.lives(Bells::number(client.seat, Bells::Lives)); }

// Name and key are free afterwards, and nobody posts any more.
void sign_out(Client& client) {
  {
    const std::lock_guard<std::mutex> guard(clients_mutex);
    clients.remove_if([&](const ClientPtr& other) { return other.get() == &client; });
    shm_unlink(comm_name(channel, client.key).c_str());
  }
  client.leaving = true;
  const std::lock_guard<std::timed_mutex> last_sender(client.posting);
}

// ---- requests ----

struct Answer {
  bool good;
  std::string text;
};

Answer answer_send(const Client& from, std::uint32_t key, std::uint32_t length) {
  if (length > kLongestText)
    return {false, "that text is too long: " + std::to_string(kLongestText) + " bytes are the most I can carry"};
  const std::string text(from.comm->text, length);
  if (text.find('\n') != std::string::npos) return {false, "a text is one line"};
  ClientPtr to;
  {
    const std::lock_guard<std::mutex> guard(clients_mutex);
    for (const ClientPtr& client : clients)
      if (client->key == key) to = client;
  }
  if (!to) return {false, "nobody here has the key " + std::to_string(key) + "; try list"};
  const std::string problem = post(*to, kMessage, from.name, text);
  if (!problem.empty()) return {false, problem};
  message_count++;
  return {true, to->name + " (" + std::to_string(length) + " bytes), thank you"};
}

Answer answer_list() {
  std::string lines;
  const std::lock_guard<std::mutex> guard(clients_mutex);
  for (const ClientPtr& client : clients) lines += std::to_string(client->key) + " " + client->name + "\n";
  return {true, lines};
}

Answer answer_unregister(Client& client) {
  sign_out(client);
  while (!stopping && lives(client) && !post(client, kGoodbye, "", "").empty()) continue;
  return {true, ""};
}

void work(const ClientPtr& client) {
  CommSegment& comm = *client->comm;
  const int seat = client->seat;
  say("hello ", client->name, ", I am your worker");
  for (bool leaves = false; !leaves && !stopping;) {
    const Got got = bells.take(Bells::number(seat, Bells::Request), 500ms);
    if (got == Got::Removed) return;
    if (got == Got::Timeout) {
      if (lives(*client)) continue;
      sign_out(*client);
      say(client->name, " has died; name, key ", client->key, " and channel are free again");
      break;
    }
    const std::uint32_t kind = comm.kind, key = comm.key, length = comm.length;
    Answer answer{false, "I do not know request " + std::to_string(kind)};
    std::string action = "?";
    if (kind == kSend) {
      action = "send " + std::to_string(length) + " bytes to " + std::to_string(key);
      say(client->name, " would like to ", action);
      answer = answer_send(*client, key, length);
    } else if (kind == kList) {
      action = "list";
      answer = answer_list();
    } else if (kind == kUnregister) {
      action = "unregister";
      answer = answer_unregister(*client);
      leaves = true;
    }
    if (!answer.good) error_count++;
    say(client->name, ": ", action, ": ", answer.good ? "OK" : "ERROR, " + answer.text);
    comm.good = answer.good;
    comm.reply_length = static_cast<std::uint32_t>(answer.text.copy(comm.reply, kLongestReply));
    bells.give(Bells::number(seat, Bells::Reply));
  }
  office->seats[seat].state = kFree;
}

// ---- the porter ----

// Empty, or why not.
std::string sign_in(int seat, const std::string& name, ClientPtr& client) {
  static std::uint32_t last_key = 100;
  if (!is_name(name))
    return "that is not a name I can take: please use 1 to 31 letters, digits, underscores or hyphens";
  const std::lock_guard<std::mutex> guard(clients_mutex);
  if (stopping) return "the server is closing";
  for (const ClientPtr& other : clients)
    if (other->name == name) return "the name " + name + " is taken, I am afraid; please choose another one";
  client = std::make_shared<Client>();
  client->name = name;
  client->key = ++last_key;
  client->seat = seat;
  const std::string segment = comm_name(channel, client->key);
  const int fd = shm_open(segment.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
  if (fd >= 0) {
    fchmod(fd, 0600);
    if (posix_fallocate(fd, 0, sizeof(CommSegment)) == 0) client->comm = map_segment<CommSegment>(fd);
    close(fd);
  }
  if (!client->comm) {
    shm_unlink(segment.c_str());
    return "there is no memory for another channel";
  }
  bells.set(Bells::number(seat, Bells::Request), 0);
  bells.set(Bells::number(seat, Bells::Mail), 0);
  bells.set(Bells::number(seat, Bells::Room), kInboxSize);
  clients.push_back(client);
  return "";
}

void porter() {
  std::list<Worker> workers;
  auto look_around = std::chrono::steady_clock::now();
  while (!stopping) {
    if (bells.take(Bells::kDoor, 500ms) == Got::Removed) break;
    for (int i = 0; i < kSeats && !stopping; i++) {
      Seat& seat = office->seats[i];
      if (seat.state != kAsking) continue;
      const std::string name(seat.name, std::min<std::size_t>(seat.name_length, sizeof seat.name));
      ClientPtr client;
      const std::string problem = sign_in(i, name, client);
      say("somebody asks for the name ", is_name(name) ? name : "(not to be printed)");
      if (problem.empty()) {
        registered_count++;
        say(client->name, ": register: OK, key ", client->key);
        seat.key = client->key;
        seat.state = kTaken;
        auto ended = std::make_shared<std::atomic<bool>>(false);
        workers.push_back({std::thread([client, ended] {
                             work(client);
                             *ended = true;
                           }),
                           ended});
      } else {
        error_count++;
        say(is_name(name) ? name : "?", ": register: ERROR, ", problem);
        seat.reason[problem.copy(seat.reason, sizeof seat.reason - 1)] = '\0';
        seat.state = kRefused;
      }
      bells.give(Bells::number(i, Bells::Reply));
    }
    if (std::chrono::steady_clock::now() < look_around) continue;
    look_around = std::chrono::steady_clock::now() + 500ms;
    for (int i = 0; i < kSeats; i++)  // refused, and died before a better name
      if (office->seats[i].state == kRefused && !bells.lives(Bells::number(i, Bells::Lives)))
        office->seats[i].state = kFree;
    for (auto worker = workers.begin(); worker != workers.end();) {
      if (*worker->ended) {
        worker->thread.join();
        worker = workers.erase(worker);
      } else {
        ++worker;
      }
    }
  }
  for (Worker& worker : workers) worker.thread.join();
}

// Somebody has cut a segment short. What is lost is lost, but we go on.
void patch_the_hole(int, siginfo_t* info, void*) {
  void* const page = reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(info->si_addr) & ~std::uintptr_t(4095));
  if (mmap(page, 4096, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) _exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) channel = argv[1];
  if (argc > 2 || !is_name(channel)) {
    std::cerr << "Usage: server [channel-name]\n\n"
                 "  channel-name   1 to 31 letters, digits, _ or -; without it the channel is lab\n\n"
                 "The server runs until it gets SIGINT (Ctrl-C) or SIGTERM.\n";
    return 2;
  }
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  struct sigaction patch{};
  patch.sa_sigaction = patch_the_hole;
  patch.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &patch, nullptr);

  const int fd = open_office();
  if (fd < 0) return 1;
  say("good morning, this is the chatty messenger, process ", getpid());
  say("left-over channels removed: ", remove_left_overs());
  fchmod(fd, 0600);
  bells = Bells::create(kSeats);
  if (bells.id < 0 || posix_fallocate(fd, 0, sizeof(ConnectSegment)) != 0 ||
      !(office = map_segment<ConnectSegment>(fd))) {
    std::cerr << "Sorry, I cannot get what I need: " << std::strerror(errno) << "\n";
    if (bells.id >= 0) bells.remove();
    shm_unlink(connect_name(channel).c_str());
    return 1;
  }
  bells.begin_life(Bells::kServerLives);
  office->bells = bells.id;
  office->server_pid = getpid();
  office->magic = kMagic;
  say("semaphores: ", bells.id, ", seats: ", kSeats);
  std::thread at_the_door(porter);
  {
    const std::lock_guard<std::mutex> guard(log_mutex);
    std::cout << "Listening on channel: [" << channel << "]" << std::endl;
  }
  say("clients are welcome; press Ctrl-C to stop me");

  int number = 0;
  sigwait(&stop, &number);
  say("signal ", number, ": I am closing");
  {
    const std::lock_guard<std::mutex> guard(clients_mutex);
    stopping = true;
    for (const ClientPtr& client : clients) shm_unlink(comm_name(channel, client->key).c_str());
    shm_unlink(connect_name(channel).c_str());
  }
  bells.remove();  // whoever sleeps wakes up, here and in the clients
  at_the_door.join();
  say("registered: ", registered_count, ", messages: ", message_count, ", errors: ", error_count);
  say("good night");
  return 0;
}
