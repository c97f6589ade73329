// A thread for each piece of work, and none left over.
#include "part_b/executor.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <thread>

#include "common/guarded.hpp"

namespace lab {
namespace {

// Stands for the loop: keeps what is posted until the test runs it.
class PostBox {
  public:
    void post(ThreadExecutor::Task task) { posted_.lock()->push_back(std::move(task)); }

    // Waits for the next task and runs it.
    void run_one() {
        while (posted_.lock()->empty())
            std::this_thread::yield();
        const ThreadExecutor::Task task = std::move(posted_.lock()->front());
        posted_.lock()->clear();
        task();
    }

  private:
    Guarded<std::vector<ThreadExecutor::Task>> posted_;
};

TEST(ThreadExecutor, WorksOnAnotherThreadAndContinuesOnTheLoop) {
    PostBox loop;
    ThreadExecutor executor([&](auto task) { loop.post(std::move(task)); });
    std::thread::id worked, continued;
    ASSERT_TRUE(executor.execute([&] { worked = std::this_thread::get_id(); },
                                 [&] { continued = std::this_thread::get_id(); }));
    loop.run_one();
    EXPECT_NE(worked, continued);
    EXPECT_EQ(continued, std::this_thread::get_id());
}

TEST(ThreadExecutor, ItsEndWaitsForTheWork) {
    PostBox loop;
    bool done = false;
    {
        ThreadExecutor executor([&](auto task) { loop.post(std::move(task)); });
        ASSERT_TRUE(executor.execute([&] { done = true; }, [] { ADD_FAILURE() << "too late"; }));
    }
    EXPECT_TRUE(done);
}

// New threads get stacks that no system has room for.
class NoThreads {
  public:
    NoThreads() {
        pthread_getattr_default_np(&before_);
        pthread_attr_t huge;
        pthread_getattr_default_np(&huge);
        pthread_attr_setstacksize(&huge, std::size_t{1} << 50);
        pthread_setattr_default_np(&huge);
        pthread_attr_destroy(&huge);
    }
    ~NoThreads() {
        pthread_setattr_default_np(&before_);
        pthread_attr_destroy(&before_);
    }

  private:
    pthread_attr_t before_;
};

TEST(ThreadExecutor, AShortageOfThreadsIsAnAnswerAndPasses) {
    PostBox loop;
    ThreadExecutor executor([&](auto task) { loop.post(std::move(task)); });
    {
        const NoThreads shortage;
        EXPECT_FALSE(executor.execute([] { ADD_FAILURE(); }, [] { ADD_FAILURE(); }));
    }
    bool done = false;
    ASSERT_TRUE(executor.execute([&] { done = true; }, [] {}));
    loop.run_one();
    EXPECT_TRUE(done);
}

}  // namespace
}  // namespace lab
