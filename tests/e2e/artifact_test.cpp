// length: artifacts, cache and executables share one fixture and are read as one story.
//
// Artifacts, the cache of compiled modules, and executables made by create-exe, as a user meets
// them: also when files are damaged, directories refuse, and processes die.

#include "abi/artifact.h"

#include <elf.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

namespace fs = std::filesystem;

std::string guest(const std::string& name) { return std::string(WASMAX_GUESTS) + "/" + name; }

/// Prints `hi` and a newline.
constexpr const char* kHello = R"((module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\03\00\00\00")
  (data (i32.const 16) "hi\0a")
  (func $say (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
)";

/// Prints the guest's name of its first directory.
constexpr const char* kDirectory = R"((module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get"
    (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name"
    (func $name (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $prestat (i32.const 3) (i32.const 64)))
    (i32.store (i32.const 0) (i32.const 128))
    (i32.store (i32.const 4) (i32.load (i32.const 68)))
    (drop (call $name (i32.const 3) (i32.const 128) (i32.load (i32.const 68))))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
)";

std::string read_file(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

void write_file(const fs::path& path, const std::string& contents) {
    std::ofstream(path, std::ios::binary) << contents;
}

template <class T>
T read_at(const std::string& file, std::size_t offset) {
    T value;
    std::memcpy(&value, file.data() + offset, sizeof value);
    return value;
}

abi::ArtifactHeader header_of(const std::string& artifact) {
    return read_at<abi::ArtifactHeader>(artifact, abi::kArtifactHeaderOffset);
}

std::string with_header(std::string artifact, const abi::ArtifactHeader& header) {
    std::memcpy(artifact.data() + abi::kArtifactHeaderOffset, &header, sizeof header);
    return artifact;
}

/// A directory with hello.wat and a cache of its own.
class Place {
public:
    Place() { write("hello.wat", kHello); }
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return (directory_.path() / name).string();
    }
    [[nodiscard]] fs::path path() const { return directory_.path(); }
    [[nodiscard]] fs::path cache() const { return directory_.path() / "cache" / "wasmax"; }
    std::string write(const std::string& name, const std::string& contents) const {
        return directory_.write(name, contents);
    }
    [[nodiscard]] std::vector<std::string> environment() const {
        return {"XDG_CACHE_HOME=" + (directory_.path() / "cache").string()};
    }
    [[nodiscard]] Completed wasmax(const Arguments& arguments) const {
        return e2e::wasmax(arguments, {}, environment());
    }
    [[nodiscard]] std::vector<fs::path> cached(const std::string& extension = ".wmx") const {
        std::vector<fs::path> files;
        if (fs::exists(cache())) {
            for (const auto& entry : fs::recursive_directory_iterator(cache())) {
                if (entry.is_regular_file() && entry.path().extension() == extension) {
                    files.push_back(entry.path());
                }
            }
        }
        return files;
    }
    /// Compiles hello.wat and returns the artifact's path.
    [[nodiscard]] std::string artifact() const {
        const Completed completed = wasmax({"compile", *this / "hello.wat", "-o", *this / "a.wmx"});
        EXPECT_EQ(completed.exit_code, 0) << completed.errors;
        return *this / "a.wmx";
    }
    /// Makes an executable and returns its path.
    [[nodiscard]] std::string executable(const std::string& input, Arguments options = {}) const {
        options.insert(options.begin(), {"create-exe", input, "-o", *this / "exe"});
        const Completed completed = wasmax(options);
        EXPECT_EQ(completed.exit_code, 0) << completed.errors;
        return *this / "exe";
    }
    void expect_only(const std::vector<std::string>& names) const {
        for (const auto& entry : fs::directory_iterator(path())) {
            const std::string name = entry.path().filename().string();
            EXPECT_TRUE(std::find(names.begin(), names.end(), name) != names.end()) << name;
        }
    }

private:
    TemporaryDirectory directory_;
};

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// A sentence on stderr and exit code 1: neither a crash nor the guest's output.
void expect_refused(const Completed& completed, const std::string& why) {
    EXPECT_EQ(completed.exit_code, 1);
    EXPECT_FALSE(completed.signalled);
    EXPECT_EQ(completed.output, "");
    EXPECT_TRUE(contains(completed.errors, why)) << completed.errors << "expected: " << why;
}

// ---- compile ------------------------------------------------------------------------------------

TEST(Compile, MakesAnArtifactThatRuns) {
    const Place place;
    const Completed completed = place.wasmax({"run", "--no-cache", place.artifact()});
    EXPECT_EQ(completed.output, "hi\n");
    EXPECT_EQ(completed.errors, "");
    EXPECT_EQ(completed.exit_code, 0);
    place.expect_only({"hello.wat", "a.wmx"});
}

TEST(Compile, KeepsArgumentsEnvironmentAndExitCode) {
    const Place place;
    ASSERT_EQ(place.wasmax({"compile", guest("stdio.wasm"), "-o", place / "s.wmx"}).exit_code, 0);
    const Completed completed =
        wasmax({"run", "--env", "GREETING=good day", place / "s.wmx", "--", "--one", "two words"},
               "x", place.environment());
    EXPECT_TRUE(completed.output.starts_with(
        "argument 1: --one\nargument 2: two words\ngreeting: good day\n"))
        << completed.output;
    EXPECT_EQ(completed.exit_code, 3);
}

TEST(Compile, WorksInEveryTierAndForEveryLevel) {
    const Place place;
    for (const char* tier : {"t0", "t2", "t3"}) {
        for (const char* cpu : {"x86-64-v2", "x86-64-v3", "native"}) {
            const std::string artifact = place / "t.wmx";
            const Completed made = place.wasmax(
                {"compile", place / "hello.wat", "-o", artifact, "--tier", tier, "--cpu", cpu});
            ASSERT_EQ(made.exit_code, 0) << made.errors;
            EXPECT_EQ(place.wasmax({"run", artifact}).output, "hi\n") << tier << " " << cpu;
        }
    }
    EXPECT_EQ(
        place.wasmax({"compile", place / "hello.wat", "-o", place / "x", "--cpu", "z80"}).exit_code,
        2);
}

TEST(Compile, SaysWhatIsWrongWithItsFiles) {
    const Place place;
    const std::string module = place / "hello.wat";
    const std::string artifact = place.artifact();
    expect_refused(place.wasmax({"compile", artifact, "-o", place / "b.wmx"}), "compiled already");
    expect_refused(place.wasmax({"compile", place / "none.wasm", "-o", place / "b.wmx"}),
                   "none.wasm: No such file");
    expect_refused(place.wasmax({"compile", module, "-o", place / "no/where.wmx"}),
                   "no/where.wmx: No such file or directory");
    expect_refused(place.wasmax({"compile", module, "-o", place.path()}), "Is a directory");
    expect_refused(place.wasmax({"compile", module, "-o", "/dev/null"}), "not a regular file");
    expect_refused(place.wasmax({"compile", module, "-o", "/proc/a.wmx"}), "writing /proc/a.wmx");
    EXPECT_EQ(place.wasmax({"compile", module}).exit_code, 2);
    place.expect_only({"hello.wat", "a.wmx"});
}

/// Runs `script` in a shell that may mount file systems nobody else sees; nullopt where that is not
/// allowed.
std::optional<Completed> with_mounts(const std::string& script) {
    if (Child({"unshare", "--mount", "true"}).wait().exit_code != 0) {
        return std::nullopt;
    }
    return Child({"unshare", "--mount", "sh", "-c", script}).wait();
}

TEST(Compile, SaysThatTheDiskIsFullOrReadOnly) {
    const Place place;
    fs::create_directory(place.path() / "disk");
    const std::string compile = std::string(WASMAX_BINARY) + " compile " + (place / "hello.wat") +
                                " -o " + (place / "disk/a.wmx");
    const std::string mount = "mount -t tmpfs -o size=4k none " + (place / "disk") + " && ";
    const auto full =
        with_mounts(mount + compile + "; code=$?; ls -A " + (place / "disk") + "; exit $code");
    if (!full) {
        GTEST_SKIP() << "mounting needs root";
    }
    expect_refused(*full, "No space left on device");
    const std::string remount = "mount -o remount,ro " + (place / "disk") + " && ";
    expect_refused(*with_mounts(mount + remount + compile), "Read-only file system");
}

TEST(Compile, LeavesNothingBehindWhenKilled) {
    const Place place;
    for (int delay_ms = 0; delay_ms < 200; delay_ms += 20) {
        Child child({WASMAX_BINARY, "compile", place / "hello.wat", "-o", place / "k.wmx"}, {},
                    place.environment());
        std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
        child.signal(SIGKILL);
        child.wait();
        if (fs::exists(place / "k.wmx")) {
            EXPECT_EQ(place.wasmax({"run", place / "k.wmx"}).output, "hi\n");
            fs::remove(place / "k.wmx");
        }
    }
    place.expect_only({"hello.wat", "cache"});
}

// ---- damaged artifacts --------------------------------------------------------------------------

TEST(Artifact, IsRefusedWhenAnyByteThatMattersIsDamaged) {
    const Place place;
    const std::string good = read_file(place.artifact());
    const abi::ArtifactHeader header = header_of(good);
    const std::size_t end = header.text.offset + header.text.bytes;
    constexpr std::size_t kStep = 61;  // prime: every kind of field is hit
    for (std::size_t offset = 0; offset < end; offset += kStep) {
        std::string bad = good;
        bad[offset] = static_cast<char>(bad[offset] ^ 0x10);
        const Completed completed = place.wasmax({"run", place.write("bad.wmx", bad)});
        EXPECT_FALSE(completed.signalled) << offset;
        EXPECT_EQ(completed.exit_code, 1) << offset;
        EXPECT_EQ(completed.output, "") << offset;
        EXPECT_TRUE(completed.errors.starts_with("wasmax: ")) << offset;
    }
}

TEST(Artifact, IsRefusedWhenCutOff) {
    const Place place;
    const std::string good = read_file(place.artifact());
    for (const std::size_t bytes :
         {std::size_t{0}, std::size_t{3}, std::size_t{4}, std::size_t{63}, std::size_t{64},
          std::size_t{0x3ff}, std::size_t{0x400}, std::size_t{0x408},
          0x400 + sizeof(abi::ArtifactHeader), std::size_t{4095}, std::size_t{4096},
          good.size() / 2, good.size() - 1}) {
        const Completed completed =
            place.wasmax({"run", place.write("cut.wmx", good.substr(0, bytes))});
        EXPECT_FALSE(completed.signalled) << bytes;
        EXPECT_EQ(completed.exit_code, 1) << bytes;
        EXPECT_EQ(completed.output, "") << bytes;
    }
    expect_refused(place.wasmax({"run", place.write("long.wmx", good + "x")}),
                   "damaged artifact (compile the module again)");
}

TEST(Artifact, SaysThatItIsOfAnotherVersionOrForAnotherCpu) {
    const Place place;
    const std::string good = read_file(place.artifact());
    abi::ArtifactHeader header = header_of(good);
    header.abi_version += 1;
    expect_refused(place.wasmax({"run", place.write("v.wmx", with_header(good, header))}),
                   "of another version of wasmax");
    header = header_of(good);
    header.cpu = {"x86-64-v9"};
    expect_refused(place.wasmax({"run", place.write("c.wmx", with_header(good, header))}),
                   "for another CPU: it was compiled for `x86-64-v9`");
    header = header_of(good);
    header.cpu = {"znver9"};
    header.cpu_features.fill(~0U);
    expect_refused(place.wasmax({"run", place.write("n.wmx", with_header(good, header))}),
                   "for another CPU: it was compiled for `znver9`");
    for (const char* name : {"v.wmx", "c.wmx", "n.wmx"}) {
        const Completed made = place.wasmax({"create-exe", place / name, "-o", place / "none"});
        EXPECT_EQ(made.exit_code, 1);
        EXPECT_TRUE(contains(made.errors, "compile the module again")) << made.errors;
    }
    expect_refused(place.wasmax({"run", "/bin/true"}), "not an artifact");
}

// ---- the cache ----------------------------------------------------------------------------------

TEST(Cache, KeepsWhatWasCompiled) {
    const Place place;
    EXPECT_EQ(place.wasmax({"run", place / "hello.wat"}).output, "hi\n");
    ASSERT_EQ(place.cached().size(), 1U);
    const auto written = fs::last_write_time(place.cached().front());
    EXPECT_EQ(place.wasmax({"run", place / "hello.wat"}).output, "hi\n");
    ASSERT_EQ(place.cached().size(), 1U);
    EXPECT_EQ(fs::last_write_time(place.cached().front()), written);
    // The same module under another name, and changed.
    fs::copy(place / "hello.wat", place / "copy.wat");
    EXPECT_EQ(place.wasmax({"run", place / "copy.wat"}).output, "hi\n");
    EXPECT_EQ(place.cached().size(), 1U);
    std::string changed = kHello;
    changed.replace(changed.find("hi\\0a"), 2, "ho");
    place.write("hello.wat", changed);
    EXPECT_EQ(place.wasmax({"run", place / "hello.wat"}).output, "ho\n");
    EXPECT_EQ(place.cached().size(), 2U);
}

TEST(Cache, NoticesEveryChangeOfAFileOnceItRemembersIt) {
    const Place place;
    std::this_thread::sleep_for(2100ms);  // younger files are not remembered
    std::string changed = kHello;
    changed.replace(changed.find("hi\\0a"), 2, "ho");
    const auto modified = fs::last_write_time(place / "hello.wat");
    EXPECT_EQ(place.wasmax({"run", place / "hello.wat"}).output, "hi\n");
    EXPECT_EQ(place.wasmax({"run", place / "hello.wat"}).output, "hi\n");
    EXPECT_FALSE(fs::is_empty(
        place.cache() / std::to_string(header_of(read_file(place.cached().front())).abi_version) /
        "files"));
    // Same size, and the time of the last modification put back.
    place.write("hello.wat", changed);
    fs::last_write_time(place / "hello.wat", modified);
    EXPECT_EQ(place.wasmax({"run", place / "hello.wat"}).output, "ho\n");
}

TEST(Cache, IsNotUsedWhenToldSo) {
    const Place place;
    for (const char* option : {"--no-cache", "--disable-cache"}) {
        EXPECT_EQ(place.wasmax({"run", option, place / "hello.wat"}).output, "hi\n");
    }
    EXPECT_TRUE(place.cached().empty());
}

TEST(Cache, ReplacesADamagedEntry) {
    const Place place;
    ASSERT_EQ(place.wasmax({"run", place / "hello.wat"}).output, "hi\n");
    ASSERT_EQ(place.cached().size(), 1U);
    const fs::path entry = place.cached().front();
    const std::string good = read_file(entry);
    const abi::ArtifactHeader header = header_of(good);
    std::vector<std::string> damaged{"", good.substr(0, 100), good.substr(0, good.size() / 2),
                                     "no artifact at all"};
    for (const std::size_t offset :
         {std::size_t{1}, std::size_t{0x404}, static_cast<std::size_t>(header.module.offset + 9),
          static_cast<std::size_t>(header.text.offset),
          static_cast<std::size_t>(header.text.offset + header.text.bytes - 1)}) {
        damaged.push_back(good);
        damaged.back()[offset] = static_cast<char>(damaged.back()[offset] ^ 1);
    }
    for (const std::string& bad : damaged) {
        write_file(entry, bad);
        const Completed completed = place.wasmax({"run", place / "hello.wat"});
        EXPECT_EQ(completed.output, "hi\n");
        EXPECT_EQ(completed.errors, "");
        EXPECT_EQ(read_file(entry), good);
    }
}

TEST(Cache, DoesNotTrustWhatOthersCouldHaveWritten) {
    const Place place;
    ASSERT_EQ(place.wasmax({"run", place / "hello.wat"}).output, "hi\n");
    const fs::path entry = place.cached().front();
    fs::permissions(entry, fs::perms{0666});
    EXPECT_EQ(place.wasmax({"run", place / "hello.wat"}).output, "hi\n");
    EXPECT_EQ(fs::status(entry).permissions(), fs::perms{0600});  // compiled again
    // Somewhere else, through a link.
    fs::rename(entry, place / "elsewhere.wmx");
    fs::create_symlink(place / "elsewhere.wmx", entry);
    EXPECT_EQ(place.wasmax({"run", place / "hello.wat"}).output, "hi\n");
    EXPECT_FALSE(fs::is_symlink(entry));
    fs::permissions(place.cache(), fs::perms{0755});
    fs::remove(entry);
    EXPECT_EQ(place.wasmax({"run", place / "hello.wat"}).output, "hi\n");
    EXPECT_TRUE(place.cached().empty());
    expect_refused(place.wasmax({"cache", "dir"}), "open to other users");
    if (::geteuid() == 0) {
        fs::permissions(place.cache(), fs::perms{0700});
        ASSERT_EQ(::chown(place.cache().c_str(), 65534, 65534), 0);
        EXPECT_EQ(place.wasmax({"run", place / "hello.wat"}).output, "hi\n");
        EXPECT_TRUE(place.cached().empty());
        expect_refused(place.wasmax({"cache", "dir"}), "another user's");
    }
}

TEST(Cache, IsDoneWithoutWhereThereCanBeNone) {
    const Place place;
    for (const std::string directory : {"/proc", "/dev/null", "relative"}) {
        const Completed completed = wasmax({"run", place / "hello.wat"}, {},
                                           {"XDG_CACHE_HOME=" + directory, "HOME=/dev/null"});
        EXPECT_EQ(completed.output, "hi\n") << directory;
        EXPECT_EQ(completed.errors, "") << directory;
    }
}

TEST(Cache, IsDoneWithoutWhenTheDiskIsFullOrReadOnly) {
    const Place place;
    const std::string cache = (place.path() / "cache").string();
    fs::create_directory(cache);
    const std::string run =
        "XDG_CACHE_HOME=" + cache + " " + WASMAX_BINARY + " run " + (place / "hello.wat");
    const std::string mount = "mount -t tmpfs -o size=16k none " + cache + " && ";
    const auto full = with_mounts(mount + run + " && " + run);
    if (!full) {
        GTEST_SKIP() << "mounting needs root";
    }
    EXPECT_EQ(full->output, "hi\nhi\n") << full->errors;
    const auto read_only = with_mounts(mount + "mount -o remount,ro " + cache + " && " + run);
    EXPECT_EQ(read_only->output, "hi\n") << read_only->errors;
}

TEST(Cache, ServesConcurrentFirstRuns) {
    const Place place;
    std::vector<std::unique_ptr<Child>> children;
    for (int i = 0; i < 8; ++i) {
        children.push_back(std::make_unique<Child>(
            Arguments{WASMAX_BINARY, "run", place / "hello.wat"}, "", place.environment()));
    }
    for (const auto& child : children) {
        const Completed completed = child->wait();
        EXPECT_EQ(completed.output, "hi\n") << completed.errors;
    }
    EXPECT_EQ(place.cached().size(), 1U);
    EXPECT_EQ(place.cached(".tmp").size(), 0U);
}

TEST(Cache, SurvivesKillsDuringTheFirstRun) {
    const Place place;
    for (int delay_ms = 0; delay_ms < 200; delay_ms += 20) {
        Child child({WASMAX_BINARY, "run", place / "hello.wat"}, {}, place.environment());
        std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
        child.signal(SIGKILL);
        child.wait();
        EXPECT_EQ(place.wasmax({"run", place / "hello.wat"}).output, "hi\n");
        fs::remove_all(place.cache());
    }
}

TEST(Cache, IsKeptWithinItsLimit) {
    const Place place;
    std::vector<std::string> environment = place.environment();
    environment.emplace_back("WASMAX_CACHE_MIB=1");
    fs::create_directories(place.cache() / "1");
    fs::permissions(place.cache(), fs::perms{0700});
    const fs::path old = place.cache() / "1" / "old.wmx";  // of an earlier version
    write_file(old, std::string(2 << 20, 'x'));
    EXPECT_EQ(wasmax({"run", place / "hello.wat"}, {}, environment).output, "hi\n");
    EXPECT_FALSE(fs::exists(old));
    EXPECT_EQ(place.cached().size(), 1U);
}

TEST(Cache, CanBeLookedAtAndEmptied) {
    const Place place;
    EXPECT_EQ(place.wasmax({"cache", "dir"}).output, place.cache().string() + "\n");
    ASSERT_EQ(place.wasmax({"run", place / "hello.wat"}).output, "hi\n");
    EXPECT_TRUE(contains(place.wasmax({"cache", "size"}).output, "1 artifacts"));
    EXPECT_TRUE(contains(place.wasmax({"cache", "size", "--json"}).output, "\"artifacts\": 1"));
    EXPECT_TRUE(contains(place.wasmax({"cache", "prune", "--to", "1"}).output, "1 artifacts"));
    EXPECT_TRUE(contains(place.wasmax({"cache", "clean"}).output, "0 artifacts"));
    EXPECT_TRUE(place.cached().empty());
}

// ---- create-exe ---------------------------------------------------------------------------------

class Executable : public testing::Test {
protected:
    void SetUp() override {
        const fs::path lib = fs::path(WASMAX_BINARY).parent_path().parent_path() / "lib";
        if (!fs::exists(lib / "wasmax-standalone")) {
            GTEST_SKIP() << "this build has no wasmax-standalone: sanitizers cannot be static";
        }
    }

    Place place_;
};

TEST_F(Executable, RunsInAnEmptyEnvironmentAndAnEmptyDirectory) {
    const std::string exe = place_.executable(place_ / "hello.wat");
    fs::create_directory(place_.path() / "empty");
    const Completed completed = Child({"env", "-i", "--chdir=" + (place_ / "empty"), exe}).wait();
    EXPECT_EQ(completed.output, "hi\n");
    EXPECT_EQ(completed.errors, "");
    EXPECT_EQ(completed.exit_code, 0);
    if (::geteuid() == 0) {
        fs::rename(exe, place_ / "empty/exe");
        EXPECT_EQ(Child({"chroot", place_ / "empty", "/exe"}).wait().output, "hi\n");
    }
}

TEST_F(Executable, IsStatic) {
    const std::string file = read_file(place_.executable(place_ / "hello.wat"));
    const auto elf = read_at<Elf64_Ehdr>(file, 0);
    std::size_t code_segments = 0;
    for (std::size_t i = 0; i < elf.e_phnum; ++i) {
        const auto segment = read_at<Elf64_Phdr>(file, elf.e_phoff + i * sizeof(Elf64_Phdr));
        EXPECT_NE(segment.p_type, Elf64_Word{PT_INTERP});
        const bool writable_code = (segment.p_flags & PF_X) != 0 && (segment.p_flags & PF_W) != 0;
        EXPECT_FALSE(writable_code);
        code_segments += segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0 ? 1U : 0U;
        if (segment.p_type == PT_DYNAMIC) {
            for (std::size_t at = 0; at < segment.p_filesz; at += sizeof(Elf64_Dyn)) {
                EXPECT_NE(read_at<Elf64_Dyn>(file, segment.p_offset + at).d_tag, DT_NEEDED);
            }
        }
    }
    EXPECT_EQ(code_segments, 2U);  // the runtime's and the guest's
    const Completed ldd = Child({"ldd", place_ / "exe"}).wait();
    EXPECT_TRUE(contains(ldd.output + ldd.errors, "statically linked")) << ldd.output << ldd.errors;
}

TEST_F(Executable, PassesArgumentsThrough) {
    const std::string exe = place_.executable(guest("stdio.wasm"), {"--env", "GREETING=built in"});
    const Completed completed =
        Child({exe, "--help", "-x", "--", "--wasmax-net", "", "a b"}, "input").wait();
    EXPECT_TRUE(
        completed.output.starts_with("argument 1: --help\nargument 2: -x\n"
                                     "argument 3: --\nargument 4: --wasmax-net\n"
                                     "argument 5: \nargument 6: a b\n"
                                     "greeting: built in\n"))
        << completed.output;
    EXPECT_TRUE(completed.output.ends_with("INPUT")) << completed.output;
    EXPECT_EQ(completed.exit_code, 3);
}

TEST_F(Executable, TakesVariablesFromEverywhere) {
    const std::string exe = place_.executable(guest("stdio.wasm"), {"--env", "GREETING=built in"});
    const auto greeting = [&](const Arguments& options, const std::vector<std::string>& variables) {
        Arguments arguments{exe};
        arguments.insert(arguments.end(), options.begin(), options.end());
        const std::string output = Child(arguments, {}, variables).wait().output;
        return output.substr(0, output.find('\n'));
    };
    EXPECT_EQ(greeting({}, {}), "greeting: built in");
    EXPECT_EQ(greeting({}, {"GREETING=host"}), "greeting: built in");
    EXPECT_EQ(greeting({}, {"WASMAX_ENV=GREETING=variable"}), "greeting: variable");
    EXPECT_EQ(greeting({"--wasmax-env=GREETING=option"}, {"WASMAX_ENV=GREETING=variable"}),
              "greeting: option");
    const std::string forwarding = place_.executable(guest("stdio.wasm"), {"--forward-host-env"});
    EXPECT_TRUE(
        contains(Child({forwarding}, {}, {"GREETING=host"}).wait().output, "greeting: host"));
}

TEST_F(Executable, TakesDirectoriesFromEverywhere) {
    const std::string module = place_.write("directory.wat", kDirectory);
    const std::string exe = place_.executable(module);
    const std::string here = place_.path().string();
    EXPECT_EQ(Child({exe, "--wasmax-dir=" + here + ":/one"}).wait().output, "/one");
    EXPECT_EQ(Child({exe, "--wasmax-mapdir=/two:" + here}).wait().output, "/two");
    EXPECT_EQ(Child({exe}, {}, {"WASMAX_DIR=" + here + ":/three"}).wait().output, "/three");
    EXPECT_EQ(Child({place_.executable(module, {"--dir", here + ":/four"})}).wait().output,
              "/four");
    const Completed missing = Child({exe, "--wasmax-dir=/no/such/directory"}).wait();
    expect_refused(missing, "/no/such/directory: No such file or directory");
}

TEST_F(Executable, ExplainsItsOptions) {
    const std::string exe = place_.executable(place_ / "hello.wat");
    const Completed help = Child({exe, "--wasmax-help"}).wait();
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_TRUE(contains(help.output, "--wasmax-dir=HOST")) << help.output;
    expect_refused(Child({exe, "--wasmax-nett"}).wait(), "unknown option `--wasmax-nett`");
    expect_refused(Child({exe, "--wasmax-forward-host-env=1"}).wait(),
                   "--wasmax-forward-host-env takes no value");
    expect_refused(Child({exe, "--wasmax-env=x"}).wait(), "--wasmax-env takes NAME=VALUE");
    expect_refused(Child({exe}, {}, {"WASMAX_FORWARD_HOST_ENV=yes"}).wait(),
                   "WASMAX_FORWARD_HOST_ENV is 0 or 1");
    EXPECT_EQ(place_.wasmax({"create-exe", place_ / "hello.wat", "-o", place_ / "x", "--env", "y"})
                  .exit_code,
              2);
}

TEST_F(Executable, EndsAsWasmaxRunDoes) {
    const std::string trap = place_.executable(
        place_.write("trap.wat", "(module (func $boom (export \"_start\") unreachable))"));
    const Completed trapped = Child({trap}).wait();
    EXPECT_EQ(trapped.exit_code, 134);
    EXPECT_FALSE(trapped.signalled);
    EXPECT_TRUE(contains(trapped.errors, "unreachable")) << trapped.errors;
    EXPECT_TRUE(contains(trapped.errors, "boom")) << trapped.errors;
    const std::string spin = place_.executable(
        place_.write("spin.wat", "(module (func (export \"_start\") (loop (br 0))))"));
    Child spinning({spin});
    std::this_thread::sleep_for(100ms);
    spinning.signal(SIGTERM);
    EXPECT_EQ(spinning.wait(10s).exit_code, 128 + SIGTERM);
}

TEST_F(Executable, IsMadeFromArtifactsAndInEveryTier) {
    EXPECT_EQ(Child({place_.executable(place_.artifact())}).wait().output, "hi\n");
    for (const char* tier : {"t0", "t2", "t3"}) {
        const std::string exe = place_.executable(place_ / "hello.wat", {"--tier", tier});
        EXPECT_EQ(Child({exe}).wait().output, "hi\n") << tier;
    }
}

TEST_F(Executable, AppearsOnlyIfItWorks) {
    const std::string module = place_ / "hello.wat";
    const std::string library = place_.write("library.wat", "(module (func (export \"run\")))");
    expect_refused(place_.wasmax({"create-exe", library, "-o", place_ / "exe"}), "_start");
    expect_refused(place_.wasmax({"create-exe", module, "-o", "/proc/exe"}), "writing /proc/exe");
    expect_refused(place_.wasmax({"create-exe", module, "-o", place_ / "no/exe"}),
                   "No such file or directory");
    expect_refused(place_.wasmax({"create-exe", module, "-o", place_.path()}), "Is a directory");
    place_.expect_only({"hello.wat", "library.wat"});
    const Completed unchecked =
        place_.wasmax({"create-exe", library, "-o", place_ / "exe", "--no-check"});
    EXPECT_EQ(unchecked.exit_code, 0) << unchecked.errors;
    expect_refused(Child({place_ / "exe"}).wait(), "_start");
}

TEST_F(Executable, FindsDamageInItsSelfCheck) {
    const std::string exe = place_.executable(place_ / "hello.wat");
    const Completed good = Child({exe, "--wasmax-self-check"}).wait();
    EXPECT_EQ(good.output, "wasmax self-check passed\n") << good.errors;
    std::string file = read_file(exe);
    const std::string magic(abi::kArtifactMagic.begin(), abi::kArtifactMagic.end());
    const auto artifact = file.rfind(magic) - abi::kArtifactHeaderOffset;
    const abi::ArtifactHeader header = header_of(file.substr(artifact));
    char& code = file[artifact + header.text.offset + header.text.bytes - 1];
    code = static_cast<char>(code ^ 1);
    fs::remove(exe);
    write_file(exe, file);
    fs::permissions(exe, fs::perms{0755});
    expect_refused(Child({exe, "--wasmax-self-check"}).wait(), "checksum is wrong");
}

TEST_F(Executable, ServesWithoutArguments) {
    const std::string exe = place_.executable(guest("http_hello.wasm"), {"--net"});
    Child server({"env", "-i", exe});
    ASSERT_TRUE(server.wait_for_output("\n"));
    const auto port = static_cast<std::uint16_t>(std::stoi(server.output().substr(13)));
    EXPECT_TRUE(fetch(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 200 OK"));
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(10s).exit_code, 128 + SIGTERM);
    const Completed refused = Child({place_.executable(guest("http_hello.wasm"))}).wait();
    EXPECT_TRUE(contains(refused.errors, "needs --wasmax-net")) << refused.errors;
}

// ---- inspect ------------------------------------------------------------------------------------

TEST(Inspect, ShowsModules) {
    const Place place;
    const Completed text = place.wasmax({"inspect", guest("server_close.wasm")});
    EXPECT_EQ(text.exit_code, 0) << text.errors;
    EXPECT_TRUE(contains(text.output, "sock_bind")) << text.output;
    EXPECT_TRUE(contains(text.output, "needs --net")) << text.output;
    EXPECT_TRUE(contains(text.output, "_start")) << text.output;
    const Completed json = place.wasmax({"inspect", place / "hello.wat", "--json"});
    EXPECT_TRUE(contains(json.output, "\"type\": \"module\"")) << json.output;
    EXPECT_TRUE(contains(json.output, "\"features_used\": []")) << json.output;
    const std::string extended = place.write(
        "e.wat", "(module (func (param i32) (result i32) (i32.extend8_s (local.get 0))))");
    EXPECT_TRUE(contains(place.wasmax({"inspect", extended}).output, "sign-extension"));
}

TEST(Inspect, ShowsArtifacts) {
    const Place place;
    const Completed json = place.wasmax({"inspect", place.artifact(), "--json"});
    EXPECT_EQ(json.exit_code, 0) << json.errors;
    EXPECT_TRUE(contains(json.output, "\"type\": \"artifact\"")) << json.output;
    EXPECT_TRUE(contains(json.output, "\"cpu\": \"x86-64-v3\"")) << json.output;
    EXPECT_TRUE(contains(json.output, "\"tier\": \"t3\"")) << json.output;
    expect_refused(place.wasmax({"inspect", place.write("x", std::string("\0no", 3))}),
                   "not a WebAssembly module");
}

TEST_F(Executable, ShowsWhatItHoldsToInspect) {
    const std::string exe = place_.executable(place_ / "hello.wat", {"--net", "--env", "A=b"});
    const Completed json = place_.wasmax({"inspect", exe, "--json"});
    EXPECT_EQ(json.exit_code, 0) << json.errors;
    EXPECT_TRUE(contains(json.output, "\"type\": \"executable\"")) << json.output;
    EXPECT_TRUE(contains(json.output, "\"--wasmax-env=A=b\"")) << json.output;
    EXPECT_TRUE(contains(json.output, "\"tier\": \"t3\"")) << json.output;
}

}  // namespace
}  // namespace wasmax::e2e
