// The registry: names are one client's, and keys are never used twice.
#include "bonus/registry.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "bonus/comm_channel.hpp"
#include "bonus/tests/shared_memory.hpp"

namespace lab::testing {
namespace {

class RegistryTest : public SharedMemoryTest {
  protected:
    // Registers a client that is here already.
    Key enter(const std::string& name) {
        const Key key = registry_.reserve(name).value();
        registry_.open(key, channel_of_all_);
        return key;
    }

    std::string listed(Key after = 0, std::size_t most = 100) {
        std::string names;
        for (const auto& entry : registry_.list(after, most))
            names += entry.name + ' ';
        return names;
    }

    const std::shared_ptr<CommChannel> channel_of_all_ = std::make_shared<CommChannel>(channel_, 1);
    Registry registry_;
};

TEST_F(RegistryTest, ANameIsOneClients) {
    const auto key = registry_.reserve("ann");
    ASSERT_TRUE(key);
    EXPECT_FALSE(registry_.reserve("ann"));
    EXPECT_TRUE(registry_.reserve("Ann"));
    registry_.release(*key);
    EXPECT_TRUE(registry_.reserve("ann"));
}

TEST_F(RegistryTest, WhoIsNotHereYetIsNeitherFoundNorListed) {
    const Key key = registry_.reserve("ann").value();
    EXPECT_FALSE(registry_.find(key));
    EXPECT_EQ(listed(), "");
    registry_.open(key, channel_of_all_);
    EXPECT_EQ(registry_.find(key), channel_of_all_);
    EXPECT_EQ(listed(), "ann ");
}

TEST_F(RegistryTest, AnOldKeyIsNeverSomebodyElses) {
    std::set<Key> keys;
    for (int round = 0; round < 1000; ++round) {
        const Key key = enter("ann");
        EXPECT_TRUE(keys.insert(key).second) << key;
        registry_.release(key);
        EXPECT_FALSE(registry_.find(key));
    }
    const Key now = enter("bob");
    for (const Key old : keys) {
        EXPECT_FALSE(registry_.find(old));
        registry_.release(old);
    }
    EXPECT_TRUE(registry_.find(now)) << "an old key releases nobody";
}

TEST_F(RegistryTest, KeysThatNobodyEverHadAreNobodys) {
    enter("ann");
    for (const Key key : {Key{0}, Key{1}, Registry::kSeats - 1, Registry::kSeats + 1,
                          2 * Registry::kSeats, ~Key{0}}) {
        EXPECT_FALSE(registry_.find(key)) << key;
        registry_.release(key);
    }
    EXPECT_EQ(listed(), "ann ");
}

TEST_F(RegistryTest, IsListedPageByPage) {
    const Key ann = enter("ann");
    const Key bob = enter("bob");
    const Key cid = enter("cid");
    EXPECT_EQ(listed(0, 2), "ann bob ");
    EXPECT_EQ(listed(bob, 2), "cid ");
    EXPECT_EQ(listed(cid, 2), "");
    registry_.release(ann);
    registry_.release(bob);
    EXPECT_EQ(listed(bob, 2), "cid ") << "though the last one of the page before has left";
    EXPECT_EQ(listed(~Key{0}, 2), "");
}

TEST_F(RegistryTest, HasNoFixedSize) {
    for (int client = 0; client < 5000; ++client)
        enter("client" + std::to_string(client));
    std::size_t count = 0;
    Key last = 0;
    for (;;) {
        const auto page = registry_.list(last, 77);
        if (page.empty())
            break;
        count += page.size();
        last = page.back().key;
    }
    EXPECT_EQ(count, 5000U);
}

}  // namespace
}  // namespace lab::testing
