// The terminal, if one of the guest's first three descriptors is one.

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/result.h"
#include "io/backend.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

/// Which of descriptors 0 to 2 are terminals.
struct Terminals {
    std::array<bool, 3> present{};
    std::optional<FileRef> first;
};

/// Errors: notsup (none is). wasix: 3.3
Result<Terminals, Errno> terminals(Caller& caller) {
    Terminals found;
    for (std::size_t number = 0; number < found.present.size(); ++number) {
        auto file = caller.process.files().lookup(static_cast<Fd>(number), Rights());
        if (!file.has_value() || ::isatty((*file)->host_fd()) != 1) {
            continue;
        }
        found.present[number] = true;
        if (!found.first) {
            found.first = *std::move(file);
        }
    }
    if (!found.first) {
        return fail(Errno::notsup);
    }
    return found;
}

Bool to_bool(bool value) { return value ? Bool::true_ : Bool::false_; }

void assign(tcflag_t& flags, tcflag_t bits, Bool on) {
    flags = on == Bool::false_ ? flags & ~bits : flags | bits;
}

Result<termios, Errno> attributes(const OpenFile& terminal) {
    termios settings{};
    if (::tcgetattr(terminal.host_fd(), &settings) != 0) {
        return fail(from_host(io::HostErrno{errno}));
    }
    return settings;
}

}  // namespace

Result<Tty, Errno> wasix_32v1::tty_get(Caller& caller) {
    const Terminals found = TRY(terminals(caller));
    const termios settings = TRY(attributes(**found.first));
    winsize size{};
    if (::ioctl((*found.first)->host_fd(), TIOCGWINSZ, &size) != 0) {
        return fail(from_host(io::HostErrno{errno}));
    }
    Tty tty;
    tty.cols = size.ws_col;
    tty.rows = size.ws_row;
    tty.width = size.ws_xpixel;
    tty.height = size.ws_ypixel;
    tty.stdin_tty = to_bool(found.present[0]);
    tty.stdout_tty = to_bool(found.present[1]);
    tty.stderr_tty = to_bool(found.present[2]);
    tty.echo = to_bool((settings.c_lflag & ECHO) != 0);
    tty.line_buffered = to_bool((settings.c_lflag & ICANON) != 0);
    tty.line_feeds = to_bool((settings.c_iflag & IGNCR) != 0);
    return tty;
}

/// The size and which descriptors are terminals are facts, and not changed. When the process ends,
/// the terminal is as it was before. wasix: 3.3
Result<void, Errno> wasix_32v1::tty_set(Caller& caller, GuestPointer<const Tty> state) {
    const Tty tty = TRY(caller.memory.load(state));
    const Terminals found = TRY(terminals(caller));
    termios settings = TRY(attributes(**found.first));
    TRY(caller.process.terminal().keep((*found.first)->host_fd(), settings));
    assign(settings.c_lflag, ECHO | ECHONL, tty.echo);
    assign(settings.c_lflag, ICANON, tty.line_buffered);
    assign(settings.c_iflag, IGNCR, tty.line_feeds);
    if (::tcsetattr((*found.first)->host_fd(), TCSANOW, &settings) != 0) {
        return fail(from_host(io::HostErrno{errno}));
    }
    return {};
}

}  // namespace wasmax::wasix
