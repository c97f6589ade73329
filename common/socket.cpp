// TCP sockets that are ready to use: listen, connect, accept, send and receive.
#include "common/socket.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <stdexcept>

#include "common/error.hpp"

namespace lab {
namespace {

constexpr int kBacklog = 4096;  // clients may arrive faster than threads can be started for them

// Whether an option is there at all differs between address families: not having it is no error.
void set_option(int fd, int level, int name, int value) {
    (void)::setsockopt(fd, level, name, &value, sizeof value);
}

// Small lines leave at once; they are coalesced here, not by Nagle's algorithm.
void send_without_delay(int fd) {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

template <class Address>
void bind_and_listen(int fd, const Address& address, std::uint16_t port) {
    const std::string what = "cannot listen on port " + std::to_string(port);
    // A server that has just been stopped leaves connections in TIME_WAIT: do not wait for them.
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    checked(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), what);
    checked(::listen(fd, kBacklog), what);
}

UniqueFd stream_socket(int family) {
    return UniqueFd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

// An IPv6 socket that takes IPv4 clients too (ipv6(7)); none where the host does not offer that.
UniqueFd dual_stack_socket() {
    UniqueFd fd = stream_socket(AF_INET6);
    const int off = 0;
    if (fd && ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == -1)
        fd.reset();
    return fd;
}

UniqueFd listen_on_ipv4(std::uint16_t port) {
    UniqueFd fd = stream_socket(AF_INET);
    checked(fd.get(), "cannot create a socket");
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = htons(port);
    bind_and_listen(fd.get(), any, port);
    return fd;
}

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

AddressList resolve(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const std::string service = std::to_string(port);
    if (const int error = ::getaddrinfo(host.c_str(), service.c_str(), &hints, &found))
        throw std::runtime_error("cannot find host " + host + ": " + ::gai_strerror(error));
    return {found, &::freeaddrinfo};
}

Accepted::Outcome classify_accept_error(int error) {
    switch (error) {
        // Nobody waits any more, or the network failed the client in the queue: accept(2) hands on
        // errors of the connection that it has just taken out.
        case EAGAIN:
        case EINTR:
        case ECONNABORTED:
        case EPROTO:
        case EPERM:
        case ENETDOWN:
        case ENETUNREACH:
        case EHOSTDOWN:
        case EHOSTUNREACH:
        case ENONET:
        case ENOPROTOOPT:
        case ETIMEDOUT:
            return Accepted::Outcome::try_again;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            return Accepted::Outcome::exhausted;
        case EINVAL:  // does not listen (any more)
            return Accepted::Outcome::closed;
        default:
            throw std::system_error(error, std::generic_category(), "accept");
    }
}

}  // namespace

UniqueFd listen_on(std::uint16_t port) {
    UniqueFd fd = dual_stack_socket();
    if (!fd)
        return listen_on_ipv4(port);
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(port);
    any.sin6_addr = in6addr_any;
    bind_and_listen(fd.get(), any, port);
    return fd;
}

std::uint16_t local_port(int fd) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    checked(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    return ntohs(address.ss_family == AF_INET6
                     ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                     : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

UniqueFd connect_to(const std::string& host, std::uint16_t port) {
    const AddressList addresses = resolve(host, port);
    int error = 0;
    for (const addrinfo* next = addresses.get(); next != nullptr; next = next->ai_next) {
        UniqueFd fd = stream_socket(next->ai_family);
        if (fd && ::connect(fd.get(), next->ai_addr, next->ai_addrlen) == 0) {
            send_without_delay(fd.get());
            return fd;
        }
        error = errno;
    }
    throw std::system_error(error, std::generic_category(),
                            "cannot connect to " + host + " port " + std::to_string(port));
}

Accepted accept_from(int listener, Blocking mode) {
    const int flags = SOCK_CLOEXEC | (mode == Blocking::no ? SOCK_NONBLOCK : 0);
    UniqueFd socket(::accept4(listener, nullptr, nullptr, flags));
    if (!socket)
        return {.outcome = classify_accept_error(errno), .error = errno};
    send_without_delay(socket.get());
    return {.outcome = Accepted::Outcome::connection, .socket = std::move(socket)};
}

bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent == -1 && errno == EINTR)
            continue;
        if (sent == -1)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

std::size_t receive(int fd, std::span<char> buffer) {
    ssize_t received = 0;
    do
        received = ::recv(fd, buffer.data(), buffer.size(), 0);
    while (received == -1 && errno == EINTR);
    return received > 0 ? static_cast<std::size_t>(received) : 0;
}

void hang_up(int fd) {
    ::shutdown(fd, SHUT_RDWR);
}

void end_output(int fd) {
    ::shutdown(fd, SHUT_WR);
}

void discard_unsent(int fd) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    (void)::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void raise_descriptor_limit() {
    rlimit limit{};
    checked(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    checked(::setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

}  // namespace lab
