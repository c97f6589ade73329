// The promises of the bonus under stress: who is killed, and who only talks a lot.
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "bench/bonus_server.hpp"
#include "bench/stress_scenes.hpp"
#include "common/run_main.hpp"

namespace {

constexpr std::size_t kDeaths = 1000;
constexpr std::size_t kMessagesEach = 1000;

}  // namespace

int main(int argc, char* argv[]) {
    return lab::run_main([&] {
        if (argc < 2 || argc > 3)
            throw lab::UsageError("usage: shm_stress path-of-the-server [seed]");
        const std::string channel = "stress-" + std::to_string(::getpid());
        const auto seed = argc == 3 ? static_cast<std::uint32_t>(std::stoul(argv[2]))
                                    : std::uint32_t{std::random_device()()};
        std::printf("SEED=%u\n", seed);
        std::fflush(stdout);
        lab::bench::Forked server = lab::bench::start_bonus_server(argv[1], channel);
        lab::bench::kill_clients(channel, kDeaths, seed);
        std::fflush(stdout);
        lab::bench::let_a_crowd_talk(channel, kMessagesEach, seed);
        if (!server.stop())
            throw std::runtime_error("the server has not ended well");
        return EXIT_SUCCESS;
    });
}
