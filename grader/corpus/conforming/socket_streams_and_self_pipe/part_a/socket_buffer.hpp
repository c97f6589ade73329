#pragma once

#include <cerrno>
#include <streambuf>
#include <sys/socket.h>

// The bytes of a socket as the buffer of a stream. One thread may read while another one writes.
class SocketBuffer : public std::streambuf {
public:
    explicit SocketBuffer(int fd) : fd_(fd)
    {
        setg(in_, in_, in_);
        setp(out_, out_ + sizeof out_);
    }

protected:
    int_type underflow() override
    {
        if (gptr() < egptr())
            return traits_type::to_int_type(*gptr());
        ssize_t n;
        do
            n = recv(fd_, in_, sizeof in_, 0);
        while (n < 0 && errno == EINTR);
        if (n <= 0)
            return traits_type::eof();
        setg(in_, in_, in_ + n);
        return traits_type::to_int_type(*gptr());
    }

    int_type overflow(int_type c) override
    {
        if (sync() < 0)
            return traits_type::eof();
        if (!traits_type::eq_int_type(c, traits_type::eof())) {
            *pptr() = traits_type::to_char_type(c);
            pbump(1);
        }
        return traits_type::not_eof(c);
    }

    int sync() override
    {
        const char *data = pbase();
        while (data < pptr()) {
            ssize_t n = send(fd_, data, static_cast<std::size_t>(pptr() - data), MSG_NOSIGNAL);
            if (n < 0 && errno != EINTR)
                return -1;
            if (n > 0)
                data += n;
        }
        setp(out_, out_ + sizeof out_);
        return 0;
    }

private:
    int fd_;
    char in_[8192];
    char out_[8192];
};
