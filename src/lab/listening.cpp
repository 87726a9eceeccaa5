#include "lab/listening.h"

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/core.h>

namespace wasmax::lab {

namespace {

namespace fs = std::filesystem;

// Inodes of the sockets that the processes have open, as text.
std::set<std::string> sockets_of(const std::vector<pid_t>& processes) {
    constexpr std::string_view kPrefix = "socket:[";
    std::set<std::string> inodes;
    for (const pid_t pid : processes) {
        std::error_code error;
        for (fs::directory_iterator it(fmt::format("/proc/{}/fd", pid), error), end;
             !error && it != end; it.increment(error)) {
            std::error_code gone;
            const std::string target = fs::read_symlink(it->path(), gone).string();
            if (target.starts_with(kPrefix)) {
                inodes.insert(target.substr(kPrefix.size(), target.size() - kPrefix.size() - 1));
            }
        }
    }
    return inodes;
}

}  // namespace

std::vector<std::uint16_t> listening_ports(const std::vector<pid_t>& processes) {
    constexpr std::string_view kListen = "0A";
    const std::set<std::string> sockets = sockets_of(processes);
    std::set<std::uint16_t> ports;
    for (const char* const table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        std::ifstream file(table);
        std::string line;
        std::getline(file, line);  // the names of the columns
        while (std::getline(file, line)) {
            std::istringstream columns(line);
            std::string number;
            std::string local;
            std::string remote;
            std::string state;
            std::string skipped;
            std::string inode;
            columns >> number >> local >> remote >> state;
            for (int i = 0; i < 5; ++i) {  // queues, timer, retransmits, user, timeout
                columns >> skipped;
            }
            columns >> inode;
            const std::size_t colon = local.rfind(':');
            if (state == kListen && sockets.contains(inode) && colon != std::string::npos) {
                ports.insert(static_cast<std::uint16_t>(
                    std::strtoul(local.c_str() + colon + 1, nullptr, 16)));
            }
        }
    }
    return {ports.begin(), ports.end()};
}

}  // namespace wasmax::lab
