#pragma once

// What the end-to-end tests share: running the wasmax binary as a user would, and a plain client.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace wasmax::e2e {

using namespace std::chrono_literals;
using Arguments = std::vector<std::string>;

/// A directory that is removed with everything in it at the end of the test.
class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "wasmax-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) {
            throw std::runtime_error("mkdtemp " + pattern);
        }
        path_ = pattern;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;  // a leftover in /tmp is not worth failing a test
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    /// Writes a file and returns its path.
    std::string write(const std::string& name, const std::string& contents) const {
        const std::filesystem::path file = path_ / name;
        std::ofstream(file, std::ios::binary) << contents;
        return file.string();
    }

private:
    std::filesystem::path path_;
};

struct Completed {
    int exit_code = -1;  ///< 128 + n when a signal ended it
    bool signalled = false;
    std::string output;
    std::string errors;
};

/// A child process whose output is collected. Killed at the end of its scope.
class Child {
public:
    explicit Child(const Arguments& arguments, const std::string& input = {},
                   const std::vector<std::string>& environment = {}) {
        int out[2];
        int err[2];
        int in[2];
        if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0 ||
            ::pipe2(in, O_CLOEXEC) != 0) {
            throw std::runtime_error("pipe2");
        }
        std::vector<char*> argv;
        for (const std::string& argument : arguments) {
            argv.push_back(const_cast<char*>(argument.c_str()));
        }
        argv.push_back(nullptr);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::dup2(in[0], STDIN_FILENO);
            ::dup2(out[1], STDOUT_FILENO);
            ::dup2(err[1], STDERR_FILENO);
            for (const std::string& entry : environment) {
                ::putenv(const_cast<char*>(entry.c_str()));
            }
            ::execvp(argv[0], argv.data());
            ::_exit(127);
        }
        output_.reset(out[0]);
        errors_.reset(err[0]);
        UniqueFd(out[1]).reset();
        UniqueFd(err[1]).reset();
        UniqueFd(in[0]).reset();
        const UniqueFd feed(in[1]);
        [[maybe_unused]] const auto written = ::write(feed.get(), input.data(), input.size());
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (!reaped_) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }

    [[nodiscard]] pid_t pid() const { return pid_; }
    void signal(int number) const { ::kill(pid_, number); }

    /// Collects output until the child ends; kills it after `limit` and says so in `errors`.
    Completed wait(std::chrono::milliseconds limit = 60s) {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        while (output_ || errors_) {
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                deadline - std::chrono::steady_clock::now());
            if (left.count() <= 0) {
                ::kill(pid_, SIGKILL);
                result_.errors += "\n[killed by the test after its time limit]\n";
                break;
            }
            collect(static_cast<int>(left.count()));
        }
        int status = 0;
        ::waitpid(pid_, &status, 0);
        reaped_ = true;
        result_.signalled = WIFSIGNALED(status);
        result_.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        return result_;
    }

    /// Reads output until stdout holds `text`; false when the child ends or `limit` passes first.
    bool wait_for_output(const std::string& text, std::chrono::milliseconds limit = 30s) {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        while (result_.output.find(text) == std::string::npos) {
            if (!output_ || std::chrono::steady_clock::now() > deadline) {
                return false;
            }
            collect(100);
        }
        return true;
    }

    /// What `/proc/PID/status` says for `key`, such as VmRSS, in KiB; nullopt when it has no such
    /// line.
    [[nodiscard]] std::optional<std::uint64_t> status_kib(const std::string& key) const {
        std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with(key + ":")) {
                return std::strtoull(line.c_str() + key.size() + 1, nullptr, 10);
            }
        }
        return std::nullopt;
    }
    /// What was collected of stdout so far.
    [[nodiscard]] const std::string& output() const { return result_.output; }
    [[nodiscard]] std::size_t open_fds() const {
        const auto entries =
            std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/fd");
        return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
    }

private:
    void collect(int timeout_ms) {
        pollfd ready[2] = {{output_.get(), POLLIN, 0}, {errors_.get(), POLLIN, 0}};
        ::poll(ready, 2, timeout_ms);
        drain(output_, ready[0], result_.output);
        drain(errors_, ready[1], result_.errors);
    }
    static void drain(UniqueFd& fd, const pollfd& ready, std::string& into) {
        if (!fd || ready.revents == 0) {
            return;
        }
        char buffer[4096];
        const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
        if (got > 0) {
            into.append(buffer, static_cast<std::size_t>(got));
        } else {
            fd.reset();
        }
    }

    pid_t pid_ = -1;
    bool reaped_ = false;
    UniqueFd output_;
    UniqueFd errors_;
    Completed result_;
};

/// Runs the wasmax binary under test to its end.
inline Completed wasmax(Arguments arguments, const std::string& input = {},
                        const std::vector<std::string>& environment = {}) {
    arguments.insert(arguments.begin(), WASMAX_BINARY);
    return Child(arguments, input, environment).wait();
}

/// Writes `text` as a .wat file and runs it with `options` before it.
inline Completed run_wat(const std::string& text, Arguments options = {},
                         const Arguments& guest_arguments = {}, const std::string& input = {}) {
    const TemporaryDirectory directory;
    options.insert(options.begin(), "run");
    options.push_back(directory.write("guest.wat", text));
    if (!guest_arguments.empty()) {
        options.push_back("--");
        options.insert(options.end(), guest_arguments.begin(), guest_arguments.end());
    }
    return wasmax(options, input);
}

/// Connects to 127.0.0.1; an empty UniqueFd when nobody listens.
inline UniqueFd connect_to(std::uint16_t port) {
    UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        client.reset();
    }
    return client;
}

/// Retries until somebody listens or `limit` passes.
inline bool wait_for_port(std::uint16_t port, std::chrono::milliseconds limit = 30s) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < deadline) {
        if (connect_to(port)) {
            return true;
        }
        std::this_thread::sleep_for(5ms);
    }
    return false;
}

/// Everything the server sends on one connection until it ends the stream. Sends `request` first.
inline std::string fetch(std::uint16_t port, const std::string& request = {}) {
    const UniqueFd client = connect_to(port);
    if (!client) {
        return "[connection refused]";
    }
    if (!request.empty() &&
        ::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
        return "[send failed]";
    }
    std::string answer;
    char buffer[4096];
    ssize_t got = 0;
    while ((got = ::recv(client.get(), buffer, sizeof buffer, 0)) > 0) {
        answer.append(buffer, static_cast<std::size_t>(got));
    }
    return answer;
}

}  // namespace wasmax::e2e
