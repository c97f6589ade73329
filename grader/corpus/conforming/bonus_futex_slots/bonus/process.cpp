// Start times from /proc, pidfds from the kernel.
#include "process.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <sstream>
#include <string>

uint64_t start_time(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  const size_t end_of_name = line.rfind(')');
  if (end_of_name == line.npos) return 0;
  std::istringstream fields(line.substr(end_of_name + 1));
  std::string field;
  for (int i = 3; i < 22; i++) fields >> field;
  uint64_t start = 0;
  fields >> start;
  return start;
}

int watch_process(pid_t pid, uint64_t start) {
  if (pid <= 0) return -1;
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) return -1;
  if (!has_ended(pidfd) && start_time(pid) == start) return pidfd;
  close(pidfd);
  return -1;
}

bool has_ended(int pidfd) {
  pollfd entry{pidfd, POLLIN, 0};
  return poll(&entry, 1, 0) != 0;
}
