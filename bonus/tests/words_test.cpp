// What users type: names, commands and command lines.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bonus/arguments.hpp"
#include "bonus/command.hpp"
#include "bonus/names.hpp"
#include "common/options.hpp"

namespace lab::testing {
namespace {

using namespace std::literals;
using Arguments = std::vector<const char*>;

std::string channel_of_server(Arguments arguments) {
    arguments.insert(arguments.begin(), "server");
    return parse_server_arguments(static_cast<int>(arguments.size()), arguments.data());
}

ClientArguments client(Arguments arguments) {
    arguments.insert(arguments.begin(), "client");
    return parse_client_arguments(static_cast<int>(arguments.size()), arguments.data());
}

std::string complaint_about(std::string_view line) {
    const Command command = parse_command(line);
    const auto* const none = std::get_if<NoCommand>(&command);
    return none != nullptr ? none->complaint : "it is a command";
}

TEST(Names, AreShortAndPlain) {
    for (const char* name : {"a", "Ann", "_", "-", "0", "a-b_c-9"})
        EXPECT_TRUE(is_valid_name(name)) << name;
    for (const std::string& name :
         {""s, " "s, "a b"s, "a.b"s, "a/b"s, "gr\xc3\xbc"s, "a\n"s, "\0"s})
        EXPECT_FALSE(is_valid_name(name)) << name;
    EXPECT_TRUE(is_valid_name(std::string(31, 'x')));
    EXPECT_FALSE(is_valid_name(std::string(32, 'x')));
}

TEST(Commands, AreWordsAlone) {
    EXPECT_TRUE(std::holds_alternative<HelpCommand>(parse_command("help")));
    EXPECT_TRUE(std::holds_alternative<ListCommand>(parse_command("list")));
    EXPECT_TRUE(std::holds_alternative<QuitCommand>(parse_command("quit")));
    EXPECT_EQ(complaint_about(""), "");
    for (const char* line : {"list all", "Help", " quit", "hello", "sendx 1 y"})
        EXPECT_EQ(complaint_about(line), "there is no such command; try help") << line;
}

TEST(Commands, ATextIsAllThatComesBehindTheKey) {
    const Command command = parse_command("send 100000  two  blanks\t\xff\0end "sv);
    const auto& send = std::get<SendCommand>(command);
    EXPECT_EQ(send.key, 100000U);
    EXPECT_EQ(send.text, " two  blanks\t\xff\0end "sv);
}

TEST(Commands, SendNeedsAKeyAndAText) {
    for (const char* line : {"send", "send ", "send 1", "send 1 ", "send  1 x"})
        EXPECT_EQ(complaint_about(line), "send needs a key and a text: send KEY TEXT") << line;
    for (const char* line : {"send ann x", "send 1x y", "send -1 x", "send 99999999999999999999 x"})
        EXPECT_EQ(complaint_about(line), "a key is a number; list shows them") << line;
}

TEST(CommandLines, OfTheServerNameItsChannel) {
    EXPECT_EQ(channel_of_server({}), "lab");
    EXPECT_EQ(channel_of_server({"mine"}), "mine");
    for (const char* name : {"", "a b", "../x", "a.b", "x23456789012345678901234567890123"})
        EXPECT_THROW(channel_of_server({name}), UsageError) << name;
    EXPECT_THROW(channel_of_server({"a", "b"}), UsageError);
}

TEST(CommandLines, OfTheClientNameAChannelAndAName) {
    EXPECT_EQ(client({}).channel, "lab");
    EXPECT_EQ(client({}).name, std::nullopt);
    EXPECT_EQ(client({"ann"}).name, "ann");
    EXPECT_EQ(client({"--channel", "x", "ann"}).channel, "x");
    EXPECT_EQ(client({"ann", "--channel", "x"}).name, "ann");
    EXPECT_EQ(client({"not allowed"}).name, "not allowed") << "that is for the server to say";
    for (const Arguments& wrong : {Arguments{"--channel"},
                                   {"--channel", ""},
                                   {"--channel", "a b"},
                                   {"ann", "bob"},
                                   {"--help"}})
        EXPECT_THROW(client(wrong), UsageError) << wrong.back();
}

}  // namespace
}  // namespace lab::testing
