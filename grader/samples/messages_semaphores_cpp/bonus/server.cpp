// The server: one thread at the door, and one worker for each client.
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "common.hpp"

namespace {

constexpr auto kPatience = std::chrono::seconds(1);

// Created under the registry's mutex, and its name is removed under it.
struct Member {
  std::string name;
  uint32_t key = 0;
  Seat* seat = nullptr;
  Comm* comm = nullptr;
  std::timed_mutex putting;  // one sender at a time writes into the ring
  std::atomic<bool> open{true};
  uint64_t written = 0;  // ours: the one in the segment is for the client to read

  ~Member() {
    if (comm) munmap(comm, sizeof *comm);
  }
};

std::string channel = "lab";
int connect_fd = -1;
Connect* conn;

std::mutex registry_mutex;
std::map<uint32_t, std::shared_ptr<Member>> registry;
uint32_t next_key = 1;

std::mutex log_mutex;

void log(const std::string& name, const std::string& action, const std::string& result) {
  char time[32];
  const std::time_t now = std::time(nullptr);
  tm parts;
  strftime(time, sizeof time, "%H:%M:%S", localtime_r(&now, &parts));
  std::lock_guard guard(log_mutex);
  std::cout << '[' << time << "] " << name << ' ' << action << ": " << result << std::endl;
}

bool become_server() {
  const std::string path = connect_path(channel);
  for (;;) {
    const int fd = shm_open(path.c_str(), O_RDWR | O_CREAT, 0600);
    if (fd < 0) {
      std::cerr << "server: cannot open the channel: " << strerror(errno) << "\n";
      return false;
    }
    if (!take_byte(fd, 0)) {
      std::cerr << "server: channel " << channel << " has a server already\n";
      return false;
    }
    struct stat ours, named;
    const std::string file = "/dev/shm" + path;
    const bool current = fstat(fd, &ours) == 0 && stat(file.c_str(), &named) == 0 && ours.st_ino == named.st_ino;
    if (current && ours.st_size == 0) {
      connect_fd = fd;
      break;
    }
    if (current) shm_unlink(path.c_str());  // left by a server that was killed; its clients still look at that file
    close(fd);
  }
  fchmod(connect_fd, 0600);
  if (posix_fallocate(connect_fd, 0, sizeof(Connect)) != 0) {
    shm_unlink(path.c_str());
    std::cerr << "server: /dev/shm is full\n";
    return false;
  }
  void* at = mmap(nullptr, sizeof(Connect), PROT_READ | PROT_WRITE, MAP_SHARED, connect_fd, 0);
  conn = static_cast<Connect*>(at);
  return at != MAP_FAILED;
}

void remove_left_over() {
  const std::string prefix = connect_path(channel).substr(1) + ".";
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
    const std::string name = entry.path().filename();
    if (name.compare(0, prefix.size(), prefix) == 0) shm_unlink(("/" + name).c_str());
  }
}

Comm* make_comm(uint32_t key) {
  const std::string path = comm_path(channel, key);
  const int fd = shm_open(path.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
  if (fd < 0) return nullptr;
  fchmod(fd, 0600);
  void* at = MAP_FAILED;
  if (posix_fallocate(fd, 0, sizeof(Comm)) == 0)
    at = mmap(nullptr, sizeof(Comm), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at != MAP_FAILED) return static_cast<Comm*>(at);
  shm_unlink(path.c_str());
  return nullptr;
}

off_t lock_byte_of(const Seat& seat) { return 1 + (&seat - conn->seats); }

// From here on nobody finds it any more.
void take_off_the_list(Member& member) {
  {
    std::lock_guard guard(registry_mutex);
    if (registry.erase(member.key)) shm_unlink(comm_path(channel, member.key).c_str());
  }
  member.open = false;
  sem_post(&member.seat->space);  // a sender that waits for room gives up
}

std::string put(Member& to, const std::string& from, const std::string& text) {
  const auto until = Clock::now() + kPatience;
  std::unique_lock lock(to.putting, until);
  if (!lock) return "its inbox is full";
  MailHead head{static_cast<uint32_t>(text.size()), {}};
  from.copy(head.from, kNameMax);
  const uint64_t need = sizeof head + text.size();
  for (;;) {
    if (!to.open) return "its owner has gone";
    const uint64_t used = to.written - to.comm->taken.load();
    if (used > kRing) return "its inbox is broken";  // the client lies about what it has taken
    if (kRing - used >= need) break;
    if (!sem_wait_until(to.seat->space, until)) return "its inbox is full";
  }
  ring_copy_in(to.comm->ring, to.written, &head, sizeof head);
  ring_copy_in(to.comm->ring, to.written + sizeof head, text.data(), text.size());
  to.written += need;
  to.comm->written = to.written;
  sem_post(&to.seat->mail);
  return "";
}

struct Reply {
  bool good;
  std::string text;
};

Reply do_send(Member& member, uint32_t key, uint32_t size) {
  if (size > kTextMax) return {false, "the text is too long"};
  const std::string text(member.comm->text, size);
  if (text.find('\n') != text.npos) return {false, "the text is more than a line"};
  std::shared_ptr<Member> to;
  {
    std::lock_guard guard(registry_mutex);
    const auto found = registry.find(key);
    if (found == registry.end()) return {false, "nobody has key " + std::to_string(key)};
    to = found->second;
  }
  const std::string problem = put(*to, member.name, text);
  if (!problem.empty()) return {false, problem};
  return {true, "to " + to->name};
}

Reply do_list() {
  std::string text;
  std::lock_guard guard(registry_mutex);
  for (const auto& [key, member] : registry) text += std::to_string(key) + " " + member->name + "\n";
  return {true, text};
}

Reply do_unregister(Member& member) {
  take_off_the_list(member);
  std::lock_guard last_sender(member.putting);
  member.comm->closed = 1;
  sem_post(&member.seat->mail);
  return {true, ""};
}

void worker(std::shared_ptr<Member> member) {
  Seat& seat = *member->seat;
  Comm& comm = *member->comm;
  uint32_t done = 0;
  for (bool leaves = false; !leaves;) {
    const uint32_t asked = comm.asked;
    if (asked == done) {
      if (sem_wait_until(seat.request, Clock::now() + kTick) || byte_is_taken(connect_fd, lock_byte_of(seat))) continue;
      take_off_the_list(*member);
      log(member->name, "died", "released");
      break;
    }
    done = asked;
    const uint32_t action = comm.action, key = comm.key, size = comm.size;
    Reply reply{false, "what?"};
    std::string what = "unknown request " + std::to_string(action);
    switch (action) {
      case Send:
        what = "send to " + std::to_string(key);
        reply = do_send(*member, key, size);
        break;
      case List:
        what = "list";
        reply = do_list();
        break;
      case Unregister:
        what = "unregister";
        reply = do_unregister(*member);
        leaves = true;
        break;
    }
    log(member->name, what, reply.good ? "ok" : reply.text);
    comm.good = reply.good;
    comm.reply_size = reply.text.copy(comm.reply, kReplyMax);
    comm.answered = done;
    sem_post(&seat.reply);
  }
  seat.state = Free;  // and whoever still holds its lock byte keeps others off it
}

void refuse(Seat& seat, const std::string& name, const char* reason) {
  log(name, "register", reason);
  strcpy(seat.reason, reason);
  seat.state = Refused;
  sem_post(&seat.reply);
}

void do_register(Seat& seat) {
  const std::string name(seat.name, std::min<size_t>(seat.name_size, sizeof seat.name));
  if (!valid_name(name)) return refuse(seat, "(?)", "not a name: 1 to 31 letters, digits, _ and - are allowed");
  auto member = std::make_shared<Member>();
  {
    std::lock_guard guard(registry_mutex);
    for (const auto& entry : registry)
      if (entry.second->name == name) return refuse(seat, name, "this name is taken");
    member->name = name;
    member->key = next_key++;
    member->seat = &seat;
    member->comm = make_comm(member->key);
    if (!member->comm) return refuse(seat, name, "no memory for another channel");
    registry[member->key] = member;
    seat.key = member->key;
  }
  log(name, "register", "ok, key " + std::to_string(member->key));
  seat.state = Accepted;
  std::thread(worker, member).detach();
  sem_post(&seat.reply);
}

void door() {
  auto looked = Clock::now();
  for (;;) {
    sem_wait_until(conn->door, Clock::now() + kTick);
    for (Seat& seat : conn->seats)
      if (seat.state == Asking) do_register(seat);
    if (Clock::now() - looked < kTick) continue;
    looked = Clock::now();
    for (Seat& seat : conn->seats)  // a client that died before it was somebody
      if (seat.state == Refused && !byte_is_taken(connect_fd, lock_byte_of(seat))) seat.state = Free;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) channel = argv[1];
  if (argc > 2 || !valid_name(channel)) {
    std::cerr << "usage: server [channel-name]\n";
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);

  if (!become_server()) return 1;
  remove_left_over();
  sem_init(&conn->door, 1, 0);
  for (Seat& seat : conn->seats)
    for (sem_t* sem : {&seat.request, &seat.reply, &seat.mail, &seat.space}) sem_init(sem, 1, 0);
  std::thread(door).detach();
  conn->magic = kMagic;
  {
    std::lock_guard guard(log_mutex);
    std::cout << "Listening on channel: [" << channel << "]" << std::endl;
  }

  int signal_number;
  sigwait(&stop, &signal_number);
  registry_mutex.lock();  // for good: no channel is made any more
  for (const auto& entry : registry) shm_unlink(comm_path(channel, entry.first).c_str());
  shm_unlink(connect_path(channel).c_str());
  log("server", "stop", "all channels removed");
  std::_Exit(0);
}
