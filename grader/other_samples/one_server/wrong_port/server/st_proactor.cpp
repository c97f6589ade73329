// A chat server on poll(2): the first line of a client is his name, and everybody hears everybody.
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <vector>

static const uint16_t PORT = 8080;

struct Client {
    std::string name;    // empty until he has said it
    std::string buffer;  // what has come of a line so far
};

static std::map<int, Client> clients;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int listenOn(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) die("socket");
    int yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (bind(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) < 0) die("bind");
    if (listen(fd, 64) < 0) die("listen");
    return fd;
}

static void sendAll(int fd, const std::string &text)
{
    size_t sent = 0;
    while (sent < text.size()) {
        ssize_t n = send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (n < 0) return;  // he has gone: poll() tells the loop so
        sent += static_cast<size_t>(n);
    }
}

static void tellEverybody(const std::string &text)
{
    for (const auto &[fd, client] : clients)
        if (!client.name.empty()) sendAll(fd, text);
}

static void handleLine(Client &client, const std::string &line)
{
    if (client.name.empty()) {
        client.name = line.empty() ? "somebody" : line;
        std::cout << client.name << " joined" << std::endl;
        tellEverybody("*** " + client.name + " has joined\n");
    } else {
        std::cout << client.name << " says " << line.size() << " bytes" << std::endl;
        tellEverybody(client.name + ": " + line + "\n");
    }
}

static void leave(int fd)
{
    std::string name = clients[fd].name;
    clients.erase(fd);
    close(fd);
    std::cout << name << " left" << std::endl;
    if (!name.empty()) tellEverybody("*** " + name + " has left\n");
}

static void readFrom(int fd)
{
    char bytes[4096];
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    if (n <= 0) return leave(fd);
    Client &client = clients[fd];
    client.buffer.append(bytes, static_cast<size_t>(n));
    size_t end;
    while ((end = client.buffer.find('\n')) != std::string::npos) {
        std::string line = client.buffer.substr(0, end);
        client.buffer.erase(0, end + 1);
        if (!line.empty() && line.back() == '\r') line.pop_back();
        handleLine(client, line);
    }
}

int main()
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    int stop = signalfd(-1, &signals, 0);
    int listener = listenOn(PORT);
    std::cout << "server: waiting for connections..." << std::endl;

    for (;;) {
        std::vector<pollfd> fds{{stop, POLLIN, 0}, {listener, POLLIN, 0}};
        for (const auto &[fd, client] : clients) fds.push_back({fd, POLLIN, 0});
        if (poll(fds.data(), fds.size(), -1) < 0) die("poll");
        if (fds[0].revents) return 0;
        if (fds[1].revents) {
            int fd = accept(listener, nullptr, nullptr);
            if (fd >= 0) {
                clients[fd] = Client();
                sendAll(fd, "What is your name? ");
            }
        }
        for (size_t i = 2; i < fds.size(); i++)
            if (fds[i].revents) readFrom(fds[i].fd);
    }
}
