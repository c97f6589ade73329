// Who is in the chat, and the passing of lines between them.
#include "room.hpp"
#include "log.hpp"

namespace chat {

void Room::join(std::shared_ptr<Client> client)
{
    std::lock_guard lock(mutex_);
    present_[client->number()] = client.get();
    all_[client->number()] = std::move(client);
}

void Room::leave(const Client &client)
{
    std::lock_guard lock(mutex_);
    present_.erase(client.number());
}

void Room::relay(const Client &from, const std::string &line)
{
    log("client " + std::to_string(from.number()) + ": " + line.substr(0, 300));
    auto message = std::make_shared<const std::string>(
        "[" + std::to_string(from.number()) + "] " + line + "\n");
    std::lock_guard lock(mutex_);
    for (auto &[number, client] : present_)
        if (client != &from)
            client->deliver(message);
}

void Room::finished(unsigned long number)
{
    std::lock_guard lock(mutex_);
    finished_.push_back(number);
}

std::vector<std::shared_ptr<Client>> Room::reap()
{
    std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Client>> gone;
    for (unsigned long number : finished_)
        if (auto it = all_.find(number); it != all_.end()) {
            gone.push_back(it->second);
            all_.erase(it);
        }
    finished_.clear();
    return gone;
}

std::vector<std::shared_ptr<Client>> Room::everybody()
{
    std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Client>> list;
    for (auto &[number, client] : all_)
        list.push_back(client);
    return list;
}

}
