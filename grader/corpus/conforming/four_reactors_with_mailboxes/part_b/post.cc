#include "post.hh"

#include <cerrno>
#include <sys/eventfd.h>
#include <unistd.h>

bool Mailbox::open()
{
    bell_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return bell_ >= 0;
}

Mailbox::~Mailbox()
{
    for (auto &letter : letters_)
        if (!letter.text)
            close(letter.fd);
    if (bell_ >= 0)
        close(bell_);
}

void Mailbox::ring()
{
    const uint64_t one = 1;
    while (write(bell_, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

void Mailbox::put(Letter letter)
{
    std::lock_guard<std::mutex> lock(mutex_);
    letters_.push_back(std::move(letter));
    if (letters_.size() == 1)
        ring();
}

std::vector<Letter> Mailbox::empty()
{
    uint64_t count;
    std::lock_guard<std::mutex> lock(mutex_);
    while (read(bell_, &count, sizeof count) < 0 && errno == EINTR) {
    }
    std::vector<Letter> all;
    all.swap(letters_);
    return all;
}
