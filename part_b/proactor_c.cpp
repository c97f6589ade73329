// The C face of the chat server: exceptions become errno, objects become pointers.
// BEGIN SOLUTION
#include <cerrno>
#include <cstdint>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <system_error>

#include "common/log.hpp"
#include "common/socket.hpp"
#include "part_b/chat_server.hpp"
#include "part_b/proactor.h"

struct proactor {
    lab::ChatServer server;
    // Held by proactor_thread() as long as it runs: whoever gets it afterwards knows that the
    // thread touches nothing any more, for a mutex may be destroyed once it is unlocked.
    std::mutex running;  // LAB: held-while-running
};

namespace {

// The errno of what is being caught.
int current_error() {
    try {
        throw;
    } catch (const std::system_error& error) {
        return error.code().value();
    } catch (const std::bad_alloc&) {
        return ENOMEM;
    } catch (...) {
        return EIO;
    }
}

template <class Result>
Result failed(int error, Result result) {
    errno = error;
    return result;
}

// Hands a run to the program's callback, line by line.
void for_each_line(std::string_view run, auto callback) {
    while (!run.empty()) {
        const std::size_t length = run.find('\n') + 1;
        callback(run.data(), length);
        run.remove_prefix(length);
    }
}

lab::ChatEvents to_events(proactor_t* self, const proactor_callbacks_t& callbacks, void* context) {
    lab::ChatEvents events;
    if (callbacks.joined)
        events.joined = [=, joined = callbacks.joined](lab::ClientId client) {
            joined(self, client, context);
        };
    if (callbacks.line)
        events.lines = [=, line = callbacks.line](lab::ClientId client, std::string_view run) {
            for_each_line(run, [&](const char* text, std::size_t length) {
                line(self, client, text, length, context);
            });
        };
    if (callbacks.left)
        events.left = [=, left = callbacks.left](lab::ClientId client) {
            left(self, client, context);
        };
    return events;
}

}  // namespace

proactor_t* proactor_create(int port) try {
    if (port < 0 || port > UINT16_MAX)
        return failed(EINVAL, nullptr);
    return new proactor{lab::ChatServer(lab::listen_on(static_cast<std::uint16_t>(port))), {}};
} catch (...) {
    return failed(current_error(), nullptr);
}

int proactor_port(const proactor_t* proactor) try {
    return proactor ? lab::local_port(proactor->server.listener()) : failed(EINVAL, -1);
} catch (...) {
    return failed(current_error(), -1);
}

void* proactor_thread(void* proactor) try {
    if (proactor) {
        auto* const self = static_cast<proactor_t*>(proactor);
        const std::lock_guard running(self->running);
        self->server.run();
    }
    return nullptr;
} catch (const std::exception& error) {
    lab::log_line(std::string("the proactor has to stop: ") + error.what());
    return nullptr;
}

void proactor_stop(proactor_t* proactor) {
    if (proactor)
        proactor->server.stop();
}

void proactor_destroy(proactor_t* proactor) {
    if (!proactor)
        return;
    proactor->server.stop();
    proactor->running.lock();
    proactor->running.unlock();
    delete proactor;
}

int proactor_set_callbacks(proactor_t* proactor, const proactor_callbacks_t* callbacks,
                           void* context) try {
    if (!proactor)
        return failed(EINVAL, -1);
    proactor->server.set_events(
        to_events(proactor, callbacks ? *callbacks : proactor_callbacks_t{}, context));
    return 0;
} catch (...) {
    return failed(current_error(), -1);
}

int proactor_send(proactor_t* proactor, proactor_client_t client, const char* bytes,
                  size_t length) try {
    if (!proactor || !bytes)
        return failed(EINVAL, -1);
    return proactor->server.send(client, {bytes, length}) ? 0 : failed(EAGAIN, -1);
} catch (...) {
    return failed(current_error(), -1);
}

int proactor_broadcast(proactor_t* proactor, proactor_client_t except, const char* bytes,
                       size_t length) try {
    if (!proactor || !bytes)
        return failed(EINVAL, -1);
    return proactor->server.broadcast(except, {bytes, length}) ? 0 : failed(EAGAIN, -1);
} catch (...) {
    return failed(current_error(), -1);
}
// END SOLUTION
