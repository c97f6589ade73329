// Who is in the chat, and the passing of lines between them.
#pragma once
#include "client.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace chat {

class Room {
public:
    void join(std::shared_ptr<Client> client);
    void leave(const Client &client);
    void relay(const Client &from, const std::string &line); // line: without its '\n'

    // The reader of this client is about to return: reap() gives it to the accepting thread.
    void finished(unsigned long number);
    std::vector<std::shared_ptr<Client>> reap();

    std::vector<std::shared_ptr<Client>> everybody(); // also those who are about to leave

private:
    std::mutex mutex_;
    std::map<unsigned long, std::shared_ptr<Client>> all_; // until they are reaped
    std::map<unsigned long, Client *> present_;            // who hears what is said
    std::vector<unsigned long> finished_;
};

}
