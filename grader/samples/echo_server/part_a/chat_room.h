// All connected clients; every public function may be called from any thread.
#ifndef CHAT_ROOM_H
#define CHAT_ROOM_H

#include <sys/socket.h>

#include <mutex>
#include <set>
#include <string_view>

class ChatRoom
{
public:
    void add(int fd)
    {
        std::scoped_lock lock(m_mutex);
        m_clients.insert(fd);
    }

    void remove(int fd)
    {
        std::scoped_lock lock(m_mutex);
        m_clients.erase(fd);
    }

    // Everybody sees the message, so that all screens show the same conversation.
    void post(std::string_view message)
    {
        std::scoped_lock lock(m_mutex);
        for (int fd : m_clients)
            if (!sendAll(fd, message))
                shutdown(fd, SHUT_RDWR);
    }

private:
    static bool sendAll(int fd, std::string_view text)
    {
        while (!text.empty()) {
            auto n = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
            if (n < 0)
                return false;
            text.remove_prefix(n);
        }
        return true;
    }

    std::mutex m_mutex;
    std::set<int> m_clients;
};

#endif
