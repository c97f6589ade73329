// The command line: what fits is taken, anything else is a usage error that says why.
#include "common/options.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using Arguments = std::vector<const char*>;

auto server_options(Arguments arguments) {
    arguments.insert(arguments.begin(), "./server");
    return lab::parse_server_options(static_cast<int>(arguments.size()), arguments.data());
}

auto client_options(Arguments arguments) {
    arguments.insert(arguments.begin(), "./client");
    return lab::parse_client_options(static_cast<int>(arguments.size()), arguments.data());
}

TEST(Options, TheServerHasADefaultPort) {
    EXPECT_EQ(server_options({}).port, 9034);
    EXPECT_EQ(server_options({"0"}).port, 0);
    EXPECT_EQ(server_options({"65535"}).port, 65535);
}

TEST(Options, TheClientHasADefaultHostAndPort) {
    EXPECT_EQ(client_options({}).host, "localhost");
    EXPECT_EQ(client_options({"example"}).port, 9034);
    EXPECT_EQ(client_options({"example", "80"}).host, "example");
    EXPECT_EQ(client_options({"example", "80"}).port, 80);
}

TEST(Options, APortIsANumberAndNothingElse) {
    for (const char* text :
         {"", " ", "abc", "-1", "+1", "65536", "99999999999", "80x", " 80", "8 0", "0x50", "80.0"})
        EXPECT_THROW(lab::parse_port(text), lab::UsageError) << '"' << text << '"';
}

TEST(Options, TooManyArgumentsAreAUsageError) {
    EXPECT_THROW(server_options({"1", "2"}), lab::UsageError);
    EXPECT_THROW(client_options({"host", "1", "2"}), lab::UsageError);
}

TEST(Options, AUsageErrorSaysWhatIsWrongAndHowItIsUsed) {
    try {
        server_options({"abc"});
        FAIL() << "nothing was thrown";
    } catch (const lab::UsageError& error) {
        EXPECT_STREQ(error.what(),
                     "the port is a number from 0 to 65535, not 'abc'\n"
                     "usage: ./server [port]");
    }
}

}  // namespace
