// Server: reads what the clients write, one std::thread for each
#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <mutex>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>

using namespace std;

mutex screen;

void print(const string &text) {
    lock_guard<mutex> lock(screen);
    cout << text << endl;
}

void handleClient(int fd, string name) {
    string text;
    char buffer[1024];
    ssize_t n;
    print(name + " connected");
    while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
        text.append(buffer, n);
        size_t end;
        while ((end = text.find('\n')) != string::npos) {
            print(name + ": " + text.substr(0, end));
            text.erase(0, end + 1);
        }
    }
    print(name + " disconnected");
    close(fd);
}

int openListener(int port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int yes = 1;
    sockaddr_in address;
    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = INADDR_ANY;
    address.sin_port = htons(port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (::bind(fd, (sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 10) < 0) {
        cerr << "cannot listen on port " << port << ": " << strerror(errno) << endl;
        exit(1);
    }
    socklen_t size = sizeof(address);
    getsockname(fd, (sockaddr *)&address, &size);
    print("Listening on port: [" + to_string(ntohs(address.sin_port)) + "] ...");
    return fd;
}

void quit(int) { _exit(0); }

int main(int argc, char *argv[]) {
    string port = argc > 1 ? argv[1] : "9034";
    if (argc > 2 || port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != string::npos ||
        stoi(port) > 65535) {
        cerr << "usage: server [port]" << endl;
        return 2;
    }
    signal(SIGINT, quit);
    signal(SIGTERM, quit);
    int listener = openListener(stoi(port));
    for (int number = 1;; number++) {
        sockaddr_in from;
        socklen_t size = sizeof(from);
        int fd = accept(listener, (sockaddr *)&from, &size);
        if (fd < 0) {
            this_thread::sleep_for(chrono::milliseconds(100));
            continue;
        }
        try {
            thread(handleClient, fd, "client " + to_string(number) + " from " + inet_ntoa(from.sin_addr)).detach();
        } catch (system_error &e) {
            print(e.what());
            close(fd);
        }
    }
}
