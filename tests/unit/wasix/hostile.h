#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "unit/wasix/guest.h"
#include "unit/wasix/impatient_backend.h"
#include "wasix/errnos.h"
#include "wasix/import_table.h"
#include "wasix/process.h"

namespace wasmax::wasix {

/// The rows that a guest of arbitrary behaviour may call here: not those that leave it, or may do
/// so by a signal, which never come back to a native caller, and not epoll_wait, which no back end
/// keeps from waiting.
inline std::vector<const Syscall*> harmless_rows() {
    constexpr std::array<std::string_view, 5> kHarmful{"epoll_wait", "proc_raise", "proc_signal",
                                                       "thread_signal", "proc_raise_interval"};
    std::vector<const Syscall*> rows;
    for (const Syscall& row : syscalls()) {
        if (row.results != "(ProcessExit)" &&
            std::find(kHarmful.begin(), kHarmful.end(), row.name) == kHarmful.end()) {
            rows.push_back(&row);
        }
    }
    return rows;
}

/// Whether `value` is what a call of `row` may return.
inline bool is_result_of(const Syscall& row, std::uint32_t value) {
    if (row.results == "(Nothing)") {
        return true;
    }
    const auto error = static_cast<Errno>(row.results == "(TidOrErrno)" ? 0U - value : value);
    return error == Errno::unknown || std::string_view(to_string(error)) != "unknown";
}

/// A guest that can do no harm: nothing waits, there is no network, its files are /dev/null and a
/// directory where nothing can be changed.
class HarmlessGuest {
public:
    HarmlessGuest() : guest_(io_, options()) {}
    Guest& operator*() { return guest_; }
    Guest* operator->() { return &guest_; }

private:
    static ProcessOptions options() {
        static const UniqueFd null_device(::open("/dev/null", O_RDWR | O_CLOEXEC));
        ProcessOptions options;
        options.args = {"hostile", "argument"};
        options.env = {"KEY=VALUE"};
        options.stdio = {null_device.get(), null_device.get(), null_device.get()};
        options.preopens = {{directory(), "/", true}};
        return options;
    }
    /// With a file, a link and a directory, made once for the whole program.
    static const std::string& directory() {
        static const std::string path = [] {
            const auto made = std::filesystem::temp_directory_path() /
                              ("wasmax-hostile-" + std::to_string(::getpid()));
            std::filesystem::create_directories(made / "d");
            std::ofstream(made / "f") << "contents";
            std::filesystem::remove(made / "l");
            std::filesystem::create_symlink("f", made / "l");
            static const struct Cleaner {
                std::filesystem::path path;
                ~Cleaner() { std::filesystem::remove_all(path); }
            } cleaner{made};
            return made.string();
        }();
        return path;
    }

    ImpatientBackend io_;
    Guest guest_;
};

}  // namespace wasmax::wasix
