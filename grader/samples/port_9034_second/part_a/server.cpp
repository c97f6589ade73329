// The server: one thread per client, clients kept in a std::list
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <list>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <thread>
#include <unistd.h>

const int PORT = 9034;

// Closes the socket when the last one who knows the client has let go of it
class Client {
  public:
    explicit Client(int socket) : socket_(socket) {}
    Client(const Client &) = delete;
    ~Client() { close(socket_); }

    // 0 at the end
    size_t read(char *buffer, size_t size) {
        ssize_t n = recv(socket_, buffer, size, 0);
        return n > 0 ? n : 0;
    }

    void write(const std::string &text) {
        for (size_t done = 0; done < text.size();) {
            ssize_t n = send(socket_, text.data() + done, text.size() - done, MSG_NOSIGNAL);
            if (n < 0) {
                shutdown(socket_, SHUT_RDWR);
                return;
            }
            done += n;
        }
    }

  private:
    int socket_;
};

using ClientPtr = std::shared_ptr<Client>;

class Server {
  public:
    void start() {
        listener_ = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_port = htons(PORT);
        address.sin_addr.s_addr = htonl(INADDR_ANY);
        if (bind(listener_, reinterpret_cast<sockaddr *>(&address), sizeof(address)) < 0)
            throw std::system_error(errno, std::generic_category(), "bind");
        if (listen(listener_, 32) < 0)
            throw std::system_error(errno, std::generic_category(), "listen");
        std::cout << "Listening on port: [" << PORT << "] ..." << std::endl;
    }

    void run() {
        while (true) {
            int socket = accept(listener_, nullptr, nullptr);
            if (socket < 0) {
                std::this_thread::sleep_for(std::chrono::milliseconds(50));
                continue;
            }
            timeval limit = {2, 0};
            setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
            auto client = std::make_shared<Client>(socket);
            add(client);
            try {
                std::thread([this, client] { serve(client); }).detach();
            } catch (const std::system_error &e) {
                std::cerr << e.what() << std::endl;
                remove(client);
            }
        }
    }

  private:
    void serve(const ClientPtr &client) {
        std::string line;
        char buffer[2048];
        while (size_t n = client->read(buffer, sizeof(buffer))) {
            for (size_t i = 0; i < n; i++) {
                line += buffer[i];
                if (buffer[i] == '\n') {
                    broadcast(client, line);
                    line.clear();
                }
            }
        }
        if (!line.empty())
            broadcast(client, line + '\n');
        remove(client);
    }

    void broadcast(const ClientPtr &sender, const std::string &line) {
        std::lock_guard lock(mutex_);
        for (auto &client : clients_)
            if (client != sender)
                client->write(line);
    }

    void add(const ClientPtr &client) {
        std::lock_guard lock(mutex_);
        clients_.push_back(client);
    }

    void remove(const ClientPtr &client) {
        std::lock_guard lock(mutex_);
        clients_.remove(client);
    }

    int listener_ = -1;
    std::mutex mutex_;
    std::list<ClientPtr> clients_;
};

int main() {
    std::signal(SIGINT, [](int) { _exit(0); });
    std::signal(SIGTERM, [](int) { _exit(0); });
    static Server server;
    try {
        server.start();
        server.run();
    } catch (const std::exception &e) {
        std::cerr << e.what() << std::endl;
        return 1;
    }
}
