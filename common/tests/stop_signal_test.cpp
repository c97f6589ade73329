// StopSignal: a signal is waited for, and one that comes early is not lost.
#include "common/stop_signal.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

namespace {

class StopSignalTest : public ::testing::Test {
  protected:
    StopSignalTest() { ::pthread_sigmask(SIG_SETMASK, nullptr, &before_); }
    ~StopSignalTest() override { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_;
};

TEST_F(StopSignalTest, ASignalThatComesBeforeTheWaitIsRemembered) {
    lab::StopSignal stop_signal;
    for (const int signal : {SIGINT, SIGTERM}) {
        ::kill(::getpid(), signal);
        EXPECT_EQ(stop_signal.wait(), signal);
    }
}

}  // namespace
