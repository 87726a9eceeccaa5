// Guests on a terminal: what they see of it, and that it is as before when they have ended.

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

/// A pseudo terminal, and the wasmax binary as the leader of its session.
class Terminal : public testing::Test {
protected:
    Terminal() : ours_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
        EXPECT_EQ(::grantpt(ours_.get()), 0);
        EXPECT_EQ(::unlockpt(ours_.get()), 0);
        // Kept open: the settings of a terminal nobody has open are gone.
        theirs_ = UniqueFd(::open(::ptsname(ours_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
        const winsize size{24, 80, 640, 480};
        EXPECT_EQ(::ioctl(theirs_.get(), TIOCSWINSZ, &size), 0);
    }
    ~Terminal() override {
        if (child_ > 0) {
            ::kill(child_, SIGKILL);
            ::waitpid(child_, nullptr, 0);
        }
    }

    void start(const std::string& what, Arguments options = {}) {
        Arguments arguments{WASMAX_BINARY, "run"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        arguments.push_back(std::string(WASMAX_GUESTS) + "/terminal.wasm");
        arguments.push_back(what);
        std::vector<char*> argv;
        for (std::string& argument : arguments) {
            argv.push_back(argument.data());
        }
        argv.push_back(nullptr);
        child_ = ::fork();
        if (child_ == 0) {
            ::setsid();
            ::ioctl(theirs_.get(), TIOCSCTTY, 0);
            for (int fd = 0; fd < 3; ++fd) {
                ::dup2(theirs_.get(), fd);
            }
            ::execv(argv.front(), argv.data());
            ::_exit(127);
        }
    }
    /// Reads what the guest writes until `text` was in it.
    void expect_output(const std::string& text) {
        const auto end = std::chrono::steady_clock::now() + 60s;
        while (output_.find(text) == std::string::npos) {
            pollfd readable{ours_.get(), POLLIN, 0};
            ASSERT_LT(std::chrono::steady_clock::now(), end) << output_;
            if (::poll(&readable, 1, 100) == 1) {
                char bytes[512];
                const auto count = ::read(ours_.get(), bytes, sizeof bytes);
                ASSERT_GT(count, 0) << output_;
                output_.append(bytes, static_cast<std::size_t>(count));
            }
        }
    }
    void type(const std::string& text) {
        ASSERT_EQ(::write(ours_.get(), text.data(), text.size()),
                  static_cast<ssize_t>(text.size()));
    }
    /// The exit code, as a shell tells it.
    int wait() {
        int status = 0;
        ::waitpid(child_, &status, 0);
        child_ = -1;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    [[nodiscard]] tcflag_t flags() const {
        termios settings{};
        EXPECT_EQ(::tcgetattr(theirs_.get(), &settings), 0);
        return settings.c_lflag & (ECHO | ICANON);
    }

    UniqueFd ours_;
    UniqueFd theirs_;
    pid_t child_ = -1;
    std::string output_;
};

constexpr tcflag_t kUsual = ECHO | ICANON;

TEST_F(Terminal, IsWhatTheGuestSees) {
    start("show");
    expect_output("tty 111 80x24 640x480 111 end");
    EXPECT_EQ(wait(), 0);
}

TEST_F(Terminal, GivesSingleKeysAndIsRestoredAtTheEnd) {
    start("keys");
    expect_output("ready");
    EXPECT_EQ(flags(), tcflag_t{0});
    type("x");  // no newline
    expect_output("got x");
    EXPECT_EQ(output_.find("xgot"), std::string::npos) << "echoed";
    EXPECT_EQ(wait(), 3);
    EXPECT_EQ(flags(), kUsual);
}

TEST_F(Terminal, IsRestoredAfterATrap) {
    start("trap");
    expect_output("wasm trap");
    EXPECT_EQ(wait(), 134);
    EXPECT_EQ(flags(), kUsual);
}

TEST_F(Terminal, IsRestoredAfterAnInterrupt) {
    start("keys");
    expect_output("ready");
    type("\x03");
    EXPECT_EQ(wait(), 128 + SIGINT);
    EXPECT_EQ(flags(), kUsual);
}

TEST_F(Terminal, IsRestoredWhenTimeIsUp) {
    start("keys", {"--timeout", "500ms"});
    expect_output("ready");
    EXPECT_EQ(wait(), 134);
    EXPECT_EQ(flags(), kUsual);
}

TEST(NoTerminal, IsNoneForPipesAndFiles) {
    const Completed completed =
        wasmax({"run", std::string(WASMAX_GUESTS) + "/terminal.wasm", "show"});
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
    EXPECT_EQ(completed.output, "tty 000 58 end\n");
}

}  // namespace
}  // namespace wasmax::e2e
