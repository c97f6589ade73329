#include <cstdlib>

#include "common/log.hpp"
#include "common/not_written.hpp"
#include "common/options.hpp"
#include "common/run_main.hpp"
#include "common/socket.hpp"
#include "common/stop_signal.hpp"
#include "part_a/chat_server.hpp"

int main(int argc, char* argv[]) {
    return lab::run_main([&] {
        // STUDENT, step 1: say where you listen, and end when you are told to.
        //   block SIGINT and SIGTERM before any thread exists   common/stop_signal.hpp
        //   read the command line                               common/options.hpp
        //   listen; ask which port it has become                common/socket.hpp
        //   print "Listening on port: [PORT] ..."               common/log.hpp
        //   wait for the signal, then return EXIT_SUCCESS
        // run_main() makes exit statuses out of exceptions. Read ip(7), listen(2), signal(7).
        // Checks: starts_and_says_where_it_listens, refuses_a_bad_port, default_port_is_9034. Try:
        // make test PART=part_a T=starts_and_says_where_it_listens
        //
        // STUDENT, step 2: before you wait, start a thread that runs run_chat_server() on what
        // you listen on. Who tells it to stop, and who joins it? See std::jthread.
        // Check: a_thread_for_each_client.
        lab::not_written("part_a/server, main()", argc, argv);
        return EXIT_FAILURE;
    });
}
