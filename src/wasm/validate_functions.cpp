#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "wasm/decoder.h"
#include "wasm/impl/function_decoder_impl.h"
#include "wasm/module.h"
#include "wasm/sink.h"
#include "wasm/types.h"

namespace wasmax::wasm {
namespace {

/// Functions are taken in chunks, in ascending order: when a chunk fails, every lower one is
/// already taken, so the lowest error is found whatever the threads do.
class Validation {
public:
    Validation(const Module& module, Features features)
        : module_(module), features_(features), first_error_(module.bodies.size()) {}

    /// Runs on every thread until no chunk is left, or none that could hold an earlier error.
    void work() {
        constexpr std::size_t kChunkFunctions = 32;
        FunctionDecoder<NullSink> decoder(module_, features_);
        for (;;) {
            const std::size_t begin = next_.fetch_add(kChunkFunctions, std::memory_order_relaxed);
            const std::size_t end = std::min(begin + kChunkFunctions, module_.bodies.size());
            for (std::size_t body = begin; body < end; ++body) {
                if (body >= first_error_.load(std::memory_order_relaxed)) {
                    return;
                }
                validate(decoder, body);
            }
            if (end == module_.bodies.size()) {
                return;
            }
        }
    }

    /// After every thread is done.
    [[nodiscard]] Result<void, ModuleError> result() && {
        if (error_.has_value()) {
            return fail(*std::move(error_));
        }
        return {};
    }

private:
    void validate(FunctionDecoder<NullSink>& decoder, std::size_t body) {
        NullSink sink;
        const FunctionIndex function{module_.imported_functions + static_cast<std::uint32_t>(body)};
        auto result = decoder.decode(function, sink);
        if (result.has_value()) {
            return;
        }
        const std::scoped_lock lock(mutex_);
        if (body < first_error_.load(std::memory_order_relaxed)) {
            first_error_.store(body, std::memory_order_relaxed);
            error_ = std::move(result).error();
        }
    }

    const Module& module_;
    const Features features_;
    std::atomic<std::size_t> next_ = 0;
    std::atomic<std::size_t> first_error_;  ///< written under mutex_
    std::mutex mutex_;                      ///< guards error_; a leaf lock
    std::optional<ModuleError> error_;
};

/// A thread costs about as much as validating this much code.
constexpr std::size_t kBytesPerThread = 64 * kKiB;

std::size_t thread_count(const Module& module, unsigned threads) {
    std::size_t bytes = 0;
    for (const FunctionBody& body : module.bodies) {
        bytes += body.bytes.size();
    }
    const std::size_t wanted = threads != 0 ? threads : std::thread::hardware_concurrency();
    return std::clamp<std::size_t>(wanted, 1, 1 + bytes / kBytesPerThread);
}

}  // namespace

Result<void, ModuleError> validate_functions(const Module& module, Features features,
                                             unsigned threads) {
    Validation validation(module, features);
    {
        std::vector<std::jthread> workers;
        const std::size_t count = thread_count(module, threads);
        while (workers.size() + 1 < count) {
            try {
                workers.emplace_back([&validation] { validation.work(); });
            } catch (const std::system_error&) {
                break;  // no more threads for this process: those that run do the work
            }
        }
        validation.work();
    }
    return std::move(validation).result();
}

}  // namespace wasmax::wasm
