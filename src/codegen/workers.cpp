#include "codegen/impl/workers.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <numeric>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "codegen/impl/partition.h"

namespace wasmax::codegen {
namespace {

/// The queue of one compilation. Workers share it; each slot of `results` is written by one.
class Queue {
public:
    explicit Queue(const Plan& plan)
        : plan_(plan), order_(plan.partitions.size()), results_(plan.partitions.size()) {
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
            return std::pair(plan_.partitions[b].code_bytes, a) <
                   std::pair(plan_.partitions[a].code_bytes, b);
        });
    }

    void work() {
        const auto machine = plan_.target.create_machine();
        while (true) {
            const std::size_t position = next_.fetch_add(1, std::memory_order_relaxed);
            if (position >= order_.size()) {
                return;
            }
            const std::size_t index = order_[position];
            if (index > first_failed_.load(std::memory_order_relaxed)) {
                continue;  // a partition before it has an error, which will be the one to report
            }
            results_[index] = compile_partition(plan_, plan_.partitions[index], *machine);
            if (CompileProgress* progress = plan_.options.progress) {
                progress->done_bytes += plan_.partitions[index].code_bytes;
            }
            if (!results_[index]->has_value()) {
                lower_first_failed(index);
            }
        }
    }

    Result<std::vector<Object>, CompileError> take_results() {
        std::vector<Object> objects;
        objects.reserve(results_.size());
        for (auto& result : results_) {
            objects.push_back(TRY(std::move(*result)));
        }
        return objects;
    }

private:
    void lower_first_failed(std::size_t index) {
        std::size_t current = first_failed_.load(std::memory_order_relaxed);
        while (index < current && !first_failed_.compare_exchange_weak(current, index)) {
        }
    }

    const Plan& plan_;
    std::vector<std::size_t> order_;
    std::vector<std::optional<Result<Object, CompileError>>> results_;
    std::atomic<std::size_t> next_{0};
    std::atomic<std::size_t> first_failed_{~std::size_t{0}};
};

}  // namespace

Result<std::vector<Object>, CompileError> compile_partitions(const Plan& plan) {
    const unsigned wanted = plan.options.threads != 0
                                ? plan.options.threads
                                : std::max(1U, std::thread::hardware_concurrency());
    const std::size_t threads = std::min<std::size_t>(wanted, plan.partitions.size());
    Queue queue(plan);
    if (CompileProgress* progress = plan.options.progress) {
        for (const Partition& partition : plan.partitions) {
            progress->total_bytes += partition.code_bytes;
        }
    }
    {
        std::vector<std::jthread> others;
        for (std::size_t count = 1; count < threads; ++count) {
            try {
                others.emplace_back([&queue] { queue.work(); });
            } catch (const std::system_error&) {
                break;  // no memory or no process left: with fewer, then
            }
        }
        queue.work();
    }
    return queue.take_results();
}

}  // namespace wasmax::codegen
