// Chat server: what a client says reaches all others.
#include "net.hpp"
#include "room.hpp"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <iostream>
#include <mutex>
#include <system_error>
#include <thread>

static const int DEFAULT_PORT = 9034;

class Acceptor {
public:
    Acceptor(int listener, Room &room)
        : listener_(listener), room_(room), thread_(&Acceptor::run, this)
    {
    }

    void stop()
    {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            stopping_ = true;
            stopped_.notify_all();
        }
        shutdown(listener_, SHUT_RDWR); // wakes accept
        thread_.join();
    }

private:
    void run()
    {
        bool complained = false;
        while (!stopping()) {
            int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) {
                if (errno == EINTR || errno == ECONNABORTED)
                    continue;
                if (stopping())
                    return;
                if (!complained)
                    log_line(std::string("accept: ") + strerror(errno));
                complained = true;
                rest(); // there are no descriptors left, for example
                continue;
            }
            complained = false;
            welcome(fd);
        }
    }

    void welcome(int fd)
    {
        try {
            room_.welcome(fd);
        } catch (const std::exception &e) {
            log_line(std::string("a client cannot be served: ") + e.what());
        }
    }

    bool stopping()
    {
        std::lock_guard<std::mutex> lock(mutex_);
        return stopping_;
    }

    void rest()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        stopped_.wait_for(lock, std::chrono::milliseconds(200), [this] { return stopping_; });
    }

    int listener_;
    Room &room_;
    std::mutex mutex_;
    std::condition_variable stopped_;
    bool stopping_ = false;
    std::thread thread_;
};

static int run(int port)
{
    // all threads inherit this: the signals are for sigwait alone
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    signal(SIGPIPE, SIG_IGN);

    int listener = listen_on(port);
    Room room;
    Acceptor acceptor(listener, room);
    std::cout << "Listening on port: [" << port_of(listener) << "] ..." << std::endl;

    int received = 0;
    while (sigwait(&signals, &received) != 0)
        ;
    log_line("stopping");
    acceptor.stop();
    room.close();
    close(listener);
    return 0;
}

int main(int argc, char *argv[])
{
    int port = argc > 1 ? parse_port(argv[1]) : DEFAULT_PORT;
    if (argc > 2 || port < 0) {
        std::cerr << "usage: " << argv[0] << " [port]\n";
        return 2;
    }
    try {
        return run(port);
    } catch (const std::exception &e) {
        std::cerr << argv[0] << ": " << e.what() << "\n";
        return 1;
    }
}
