// A file in shared memory, its name, and who holds it.
#include "bonus/segment_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "common/error.hpp"

namespace lab {
namespace {

constexpr mode_t kForThisUserAlone = 0600;

struct ::flock one_byte(Side side) {
    struct ::flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(side);
    lock.l_len = 1;
    return lock;
}

struct ::stat status(int fd) {
    struct ::stat its {};
    checked(::fstat(fd, &its), "fstat");
    return its;
}

}  // namespace

std::optional<SegmentFile> SegmentFile::create(const std::string& name, std::size_t size) {
    const int fd = ::shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, kForThisUserAlone);
    if (fd == -1 && errno == EEXIST)
        return std::nullopt;
    SegmentFile file(UniqueFd(checked(fd, "create " + name)), name);
    if (const int error = ::posix_fallocate(file.fd(), 0, static_cast<off_t>(size)); error != 0) {
        file.remove_name();
        throw std::system_error(error, std::generic_category(), "reserve memory for " + name);
    }
    return file;
}

std::optional<SegmentFile> SegmentFile::open(const std::string& name) {
    const int fd = ::shm_open(name.c_str(), O_RDWR, 0);
    if (fd == -1 && errno == ENOENT)
        return std::nullopt;
    SegmentFile file(UniqueFd(checked(fd, "open " + name)), name);
    if (status(file.fd()).st_uid != ::geteuid())
        throw std::system_error(EPERM, std::generic_category(), name + " is another user's");
    return file;
}

std::size_t SegmentFile::size() const {
    return static_cast<std::size_t>(status(fd()).st_size);
}

bool SegmentFile::hold(Side side) {
    struct ::flock lock = one_byte(side);
    const int result = ::fcntl(fd(), F_OFD_SETLK, &lock);
    if (result == -1 && (errno == EAGAIN || errno == EACCES))
        return false;
    checked(result, "lock " + name_);
    return true;
}

bool SegmentFile::held_by_another(Side side) const {
    struct ::flock lock = one_byte(side);
    checked(::fcntl(fd(), F_OFD_GETLK, &lock), "look at the lock of " + name_);
    return lock.l_type != F_UNLCK;  // LAB: who-lives
}

// It never had but one name, and so it still has that one if it has any.
bool SegmentFile::has_its_name() const {
    return status(fd()).st_nlink > 0;
}

void SegmentFile::remove_name() {
    if (has_its_name())
        ::shm_unlink(name_.c_str());
}

}  // namespace lab
