#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "launch/embedded.h"
#include "launch/grants.h"
#include "launch/run_guest.h"
#include "runtime/artifact.h"
#include "standalone/options.h"

namespace wasmax::standalone {
namespace {

void report(const std::string& message) {
    std::fputs(("wasmax: " + message + "\n").c_str(), stderr);
}

struct Guest {
    ByteView artifact;
    std::uint64_t file_offset = 0;  // of the artifact
    std::string_view options;
};

/// The program headers of this executable, as the kernel mapped them.
std::span<const Elf64_Phdr> program_headers() {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel passes addresses as numbers.
    return {reinterpret_cast<const Elf64_Phdr*>(::getauxval(AT_PHDR)), ::getauxval(AT_PHNUM)};
}

Result<Guest, Error> find_guest() {
    const std::byte* start = nullptr;
    const Elf64_Phdr* found = nullptr;
    const auto headers = program_headers();
    for (const Elf64_Phdr& header : headers) {
        if (header.p_type == PT_PHDR) {
            start = reinterpret_cast<const std::byte*>(headers.data()) - header.p_vaddr;
        } else if (header.p_type == launch::kEmbeddedSegment) {
            found = &header;
        }
    }
    if (start == nullptr || found == nullptr) {
        return fail(Error::invalid(
            "this is the runtime that `wasmax create-exe` copies; it holds no program"));
    }
    launch::EmbeddedGuest embedded;
    if (found->p_filesz < sizeof embedded) {
        return fail(Error::invalid("this executable is damaged"));
    }
    std::memcpy(&embedded, start + found->p_vaddr, sizeof embedded);
    if (embedded.magic != launch::kEmbeddedMagic) {
        return fail(Error::invalid("this executable is damaged"));
    }
    return Guest{
        {start + embedded.artifact_offset, embedded.artifact_bytes},
        embedded.artifact_offset,
        {reinterpret_cast<const char*>(start) + embedded.options_offset, embedded.options_bytes}};
}

Result<int, Error> run(std::span<char* const> arguments) {
    const std::string program = arguments.empty() ? "program" : arguments.front();
    const Guest guest = TRY(find_guest());
    Options options =
        TRY(read_options(guest.options, arguments.subspan(arguments.empty() ? 0 : 1)));
    if (options.help) {
        std::fputs(help_text(program).c_str(), stdout);
        return 0;
    }
    // Without /proc its memory is copied.
    UniqueFd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    auto artifact =
        TRY(runtime::Artifact::adopt(guest.artifact, program, std::move(file), guest.file_offset));
    if (options.self_check) {
        TRY(launch::check_guest(*artifact, options.grants.on_unknown_import));
        std::fputs(launch::kSelfCheckAnswer, stdout);
        return 0;
    }
    std::vector<std::string> guest_arguments{program};
    guest_arguments.insert(guest_arguments.end(), options.guest_arguments.begin(),
                           options.guest_arguments.end());
    launch::handle_signals();
    const launch::Frontend frontend{.option_prefix = launch::kOptionPrefix,
                                    .report = report,
                                    .trap_exit_code = options.grants.trap_exit_code};
    return launch::exit_code(
        launch::run_guest(
            std::move(artifact),
            launch::process_options(options.grants, std::move(guest_arguments), frontend),
            launch::guest_limits(options.grants)),
        frontend);
}

}  // namespace
}  // namespace wasmax::standalone

int main(int argc, char** argv) {
    const auto code = wasmax::standalone::run({argv, static_cast<std::size_t>(argc)});
    if (!code) {
        wasmax::standalone::report(code.error().message);
        return wasmax::launch::kExitFailure;
    }
    return *code;
}
