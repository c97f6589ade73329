// A shared file in this process's memory, which survives when somebody cuts the file short.
#include "bonus/mapping.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>

#include "common/error.hpp"

namespace lab {
namespace {

// The innermost of this thread's watches. A signal handler is called with nothing but the address,
// so this is the one place where the bonus has to know something without being told. SIGBUS comes
// to the thread that has touched the page: each sees its own watches, and no lock is needed.
thread_local Mapping::Watch* innermost = nullptr;

}  // namespace

Mapping::Mapping(int fd, std::size_t size) : size_(size) {
    void* const address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (address == MAP_FAILED)
        checked(-1, "map shared memory");
    data_ = static_cast<std::byte*>(address);
}

Mapping::~Mapping() {
    ::munmap(data_, size_);
}

Mapping::Watch::Watch(Mapping& mapping) : mapping_(mapping), outer_(innermost) {
    innermost = this;
}

Mapping::Watch::~Watch() {
    innermost = outer_;
}

void Mapping::handle_bus_errors() {
    struct sigaction action {};
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    action.sa_sigaction = [](int signal, siginfo_t* info, void*) {
        on_bus_error(signal, info->si_addr);
    };
    checked(::sigaction(SIGBUS, &action, nullptr), "sigaction");
}

// When it returns, the instruction that has touched the page is tried again. Nothing is allocated,
// and nothing is locked: the thread may have been anywhere.
void Mapping::on_bus_error(int signal, void* address) noexcept {
    const int before = errno;
    bool done = false;
    for (Watch* watch = innermost; watch != nullptr && !done; watch = watch->outer_)
        done = watch->mapping_.replace_if_it_has(address);
    if (!done)
        ::signal(signal, SIG_DFL);  // not ours: the next try ends the program
    errno = before;
}

bool Mapping::replace_if_it_has(const void* address) noexcept {
    const auto* const touched = static_cast<const std::byte*>(address);
    const std::less<> before;
    if (before(touched, data_) || !before(touched, data_ + size_))
        return false;
    broken_ = true;
    // The bare system call: whatever the C library or a sanitizer does around it is not for here.
    return ::syscall(SYS_mmap, data_, size_, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != -1;  // LAB: cut-short
}

}  // namespace lab
