// The server. Threads: main waits for the signal, the door registers, the undertaker waits for deaths, workers answer.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <condition_variable>
#include <cstring>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <sstream>
#include <thread>
#include <vector>

#include "process.hpp"
#include "protocol.hpp"

using namespace protocol;
using namespace std::chrono_literals;

namespace {

void log(std::string_view who, std::string_view what, std::string_view result) {
  static std::mutex mutex;
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  tm parts;
  std::ostringstream line;
  line << std::put_time(localtime_r(&seconds, &parts), "%FT%T.") << std::setw(3) << std::setfill('0') << ms << "  "
       << what << "  " << who << "  " << result << '\n';
  const std::lock_guard guard(mutex);
  std::cout << line.str() << std::flush;
}

template <typename Segment>
Segment* map_new(int fd) {
  fchmod(fd, 0600);
  if (posix_fallocate(fd, 0, sizeof(Segment)) != 0) return nullptr;
  void* at = mmap(nullptr, sizeof(Segment), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return at == MAP_FAILED ? nullptr : static_cast<Segment*>(at);
}

class Member {
 public:
  Member(std::string name, uint32_t key, int pidfd, Comm* comm)
      : name(std::move(name)), key(key), pidfd(pidfd), comm(comm) {}
  Member(const Member&) = delete;
  ~Member() {
    munmap(comm, sizeof *comm);
    close(pidfd);
  }

  // What went wrong, or nothing.
  std::string put(const std::string& from, const std::string& text) {
    const auto deadline = Clock::now() + 1s;
    const std::unique_lock lock(putting_, deadline);
    if (!lock) return "the inbox is full";
    Slot& slot = comm->slots[next_ % kSlots];
    for (;;) {
      const uint32_t full = slot.full;
      if (!open_) return "the owner has left";
      if (!full) break;
      if (Clock::now() >= deadline) return "the inbox is full";
      futex_wait_until(slot.full, full, deadline);
    }
    slot.size = static_cast<uint32_t>(text.size());
    memcpy(slot.from, from.c_str(), from.size() + 1);
    memcpy(slot.text, text.data(), text.size());
    slot.full = 1;
    next_++;
    ring();
    return {};
  }

  void refuse_mail() {
    open_ = false;
    for (Slot& slot : comm->slots) futex_wake(slot.full);
  }

  void close_mail() {
    refuse_mail();
    const std::lock_guard after_the_last_one(putting_);
    comm->closed = 1;
    ring();
  }

  // It is dead, or the server stops: its worker shall end.
  void abandon() {
    abandoned = true;
    refuse_mail();
    set_and_wake(comm->call.state, Call::Abandoned);
  }

  const std::string name;
  const uint32_t key;
  const int pidfd;
  Comm* const comm;
  std::atomic<bool> abandoned = false;

 private:
  void ring() {
    comm->bell++;
    futex_wake(comm->bell);
  }

  std::timed_mutex putting_;
  std::atomic<bool> open_ = true;
  uint64_t next_ = 0;
};

using MemberPtr = std::shared_ptr<Member>;

class Server {
 public:
  explicit Server(std::string channel) : channel_(std::move(channel)) {}

  bool start();
  void stop();

 private:
  void door();
  void undertaker();
  void work(const MemberPtr& member);
  void answer_question(Desk& desk);
  MemberPtr enter(const std::string& name, int pidfd, std::string& problem);
  bool remove(const MemberPtr& member);
  std::string send(const Member& from, uint32_t key, uint32_t size);
  std::string list();
  void remove_left_over();

  const std::string channel_;
  Connect* connect_ = nullptr;
  int epoll_ = -1;
  std::mutex mutex_;  // of all below
  std::map<std::string, MemberPtr> by_name_;
  std::map<uint32_t, MemberPtr> by_key_;
  std::mt19937 random_{std::random_device{}()};
  bool stopping_ = false;
  int workers_ = 0;
  std::condition_variable worker_ended_;
};

bool Server::start() {
  const std::string path = connect_path(channel_);
  const std::string file = "/dev/shm" + path;
  for (;;) {
    const int fd = shm_open(path.c_str(), O_RDWR | O_CREAT, 0600);
    if (fd < 0) {
      std::cerr << "server: " << path << ": " << strerror(errno) << '\n';
      return false;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {  // kept, as the descriptor is, until the process ends
      std::cerr << "server: a server is running on channel " << channel_ << '\n';
      return false;
    }
    struct stat locked, named;
    fstat(fd, &locked);
    const bool has_the_name = stat(file.c_str(), &named) == 0 && named.st_ino == locked.st_ino;
    if (has_the_name && locked.st_size == 0) {
      connect_ = map_new<Connect>(fd);
      if (connect_) break;
      std::cerr << "server: no shared memory left\n";
    }
    if (has_the_name) shm_unlink(path.c_str());
    close(fd);
    if (has_the_name && locked.st_size == 0) return false;
  }
  remove_left_over();
  connect_->server = static_cast<uint32_t>(getpid());
  connect_->server_start = start_time(getpid());
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::thread(&Server::undertaker, this).detach();
  std::thread(&Server::door, this).detach();
  connect_->magic = kMagic;
  return true;
}

void Server::remove_left_over() {
  const std::string prefix = connect_path(channel_).substr(1) + ".";
  std::vector<std::string> found;
  if (DIR* dir = opendir("/dev/shm")) {
    while (const dirent* entry = readdir(dir))
      if (std::string_view(entry->d_name).starts_with(prefix)) found.push_back(entry->d_name);
    closedir(dir);
  }
  for (const auto& name : found) shm_unlink(("/" + name).c_str());
}

void Server::stop() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  for (const auto& [key, member] : by_key_) {
    shm_unlink(comm_path(channel_, key).c_str());
    member->abandon();
  }
  shm_unlink(connect_path(channel_).c_str());
  worker_ended_.wait_for(lock, 1200ms, [this] { return workers_ == 0; });
  log("server", "STOP", "ok");
  _exit(0);
}

// ---- registration ----

void Server::door() {
  auto sweep = Clock::now() + 500ms;
  for (;;) {
    const uint32_t seen = connect_->door;
    for (Desk& desk : connect_->desks)
      if (desk.state == Desk::Question) answer_question(desk);
    if (Clock::now() >= sweep) {
      sweep = Clock::now() + 500ms;
      for (Desk& desk : connect_->desks) {
        uint32_t owner = desk.owner;
        if (owner == 0) continue;
        const int pidfd = watch_process(static_cast<pid_t>(owner), start_time(static_cast<pid_t>(owner)));
        if (pidfd >= 0) {
          close(pidfd);
          continue;
        }
        if (!desk.owner.compare_exchange_strong(owner, kNobody)) continue;  // it had left, and the desk has another
        desk.state = Desk::Idle;                                            // it died at the desk
        desk.owner = 0;
        connect_->desk_given++;
        futex_wake(connect_->desk_given);
      }
    }
    futex_wait_until(connect_->door, seen, sweep);
  }
}

void Server::answer_question(Desk& desk) {
  std::string name(desk.name, std::min<size_t>(desk.size, sizeof desk.name));
  std::string problem;
  if (!is_name(name)) {
    problem = "not a name: 1 to 31 letters, digits, _ or -";
    name = "?";
  } else if (const int pidfd = watch_process(static_cast<pid_t>(desk.owner.load()), desk.owner_start); pidfd < 0) {
    problem = "who asked has died";
  } else if (const MemberPtr member = enter(name, pidfd, problem)) {
    log(name, "REGISTER", "ok, key " + std::to_string(member->key));
    desk.key = member->key;
    set_and_wake(desk.state, Desk::Welcome);
    return;
  } else {
    close(pidfd);
  }
  log(name, "REGISTER", problem);
  strncpy(desk.reason, problem.c_str(), sizeof desk.reason - 1);
  set_and_wake(desk.state, Desk::Refusal);
}

MemberPtr Server::enter(const std::string& name, int pidfd, std::string& problem) {
  const std::lock_guard guard(mutex_);
  if (stopping_) {
    problem = "the server stops";
    return nullptr;
  }
  if (by_name_.contains(name)) {
    problem = name + " is taken";
    return nullptr;
  }
  uint32_t key;
  do key = static_cast<uint32_t>(random_());
  while (key == 0 || by_key_.contains(key));

  const std::string path = comm_path(channel_, key);
  const int fd = shm_open(path.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
  Comm* comm = fd < 0 ? nullptr : map_new<Comm>(fd);
  if (fd >= 0) close(fd);
  if (!comm) {
    shm_unlink(path.c_str());
    problem = "no memory for a channel";
    return nullptr;
  }
  const auto member = std::make_shared<Member>(name, key, dup(pidfd), comm);
  by_name_[name] = by_key_[key] = member;
  workers_++;
  std::thread([this, member] {
    work(member);
    const std::lock_guard end(mutex_);
    workers_--;
    worker_ended_.notify_all();
  }).detach();
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = key;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, member->pidfd, &event);
  close(pidfd);
  return member;
}

// Name and key are free afterwards. False if they were already.
bool Server::remove(const MemberPtr& member) {
  const std::lock_guard guard(mutex_);
  if (by_key_.erase(member->key) == 0) return false;
  by_name_.erase(member->name);
  epoll_ctl(epoll_, EPOLL_CTL_DEL, member->pidfd, nullptr);
  shm_unlink(comm_path(channel_, member->key).c_str());
  return true;
}

void Server::undertaker() {
  for (;;) {
    epoll_event event;
    if (epoll_wait(epoll_, &event, 1, -1) != 1) continue;
    MemberPtr member;
    {
      const std::lock_guard guard(mutex_);
      if (const auto found = by_key_.find(event.data.u32); found != by_key_.end()) member = found->second;
    }
    if (!member) continue;
    if (remove(member)) log(member->name, "DIED", "name and key are free");
    member->abandon();
  }
}

// ---- requests ----

void Server::work(const MemberPtr& member) {
  Call& call = member->comm->call;
  for (bool leaves = false; !leaves;) {
    const uint32_t state = call.state;
    if (member->abandoned) return;
    if (state != Call::Request) {
      futex_wait_until(call.state, state, Clock::now() + 500ms);
      continue;
    }
    const uint32_t action = call.action, key = call.key, size = call.size;
    std::string what = "REQUEST " + std::to_string(action), problem, answer;
    switch (static_cast<Action>(action)) {
      case Action::Send:
        what = "SEND";
        problem = send(*member, key, size);
        break;
      case Action::List:
        what = "LIST";
        answer = list();
        break;
      case Action::Unregister:
        what = "UNREGISTER";
        remove(member);
        member->close_mail();
        leaves = true;
        break;
      default:
        problem = "unknown request";
    }
    log(member->name, what, problem.empty() ? "ok" : problem);
    call.good = problem.empty();
    call.answer_size = static_cast<uint32_t>((problem.empty() ? answer : problem).copy(call.answer, kListMax));
    uint32_t expected = Call::Request;
    call.state.compare_exchange_strong(expected, Call::Reply);
    futex_wake(call.state);
  }
}

std::string Server::send(const Member& from, uint32_t key, uint32_t size) {
  if (size > kTextMax) return "the text is longer than " + std::to_string(kTextMax) + " bytes";
  const std::string text(from.comm->call.text, size);
  if (text.find('\n') != text.npos) return "a newline in the text";
  MemberPtr to;
  {
    const std::lock_guard guard(mutex_);
    if (const auto found = by_key_.find(key); found != by_key_.end()) to = found->second;
  }
  return to ? to->put(from.name, text) : "unknown key " + std::to_string(key);
}

std::string Server::list() {
  const std::lock_guard guard(mutex_);
  std::string lines;
  for (const auto& [name, member] : by_name_) lines += std::to_string(member->key) + " " + name + "\n";
  return lines;
}

// A client has cut its segment short: go on with a page of our own.
void on_bus_error(int, siginfo_t* info, void*) {
  const auto page = reinterpret_cast<uintptr_t>(info->si_addr) & ~uintptr_t{4095};
  if (mmap(reinterpret_cast<void*>(page), 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
           0) == MAP_FAILED)
    _exit(3);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string channel = argc > 1 ? argv[1] : "lab";
  if (argc > 2 || !is_name(channel)) {
    std::cerr << "usage: " << argv[0] << " [channel-name]\n";
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &action, nullptr);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  static Server server(channel);
  if (!server.start()) return 1;
  std::cout << "Listening on channel: [" + channel + "]\n" << std::flush;
  int number;
  sigwait(&signals, &number);
  server.stop();
}
