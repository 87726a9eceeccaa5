#include "lab/samples.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "lab/cpus.h"
#include "lab/experiment.h"
#include "lab/machine.h"
#include "lab/metrics.h"
#include "lab/whole_file.h"

namespace wasmax::lab {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const Conditions& conditions) {
    return {
        {"experiment", conditions.experiment},
        {"workload", conditions.workload},
        {"baseline", conditions.baseline},
        {"generator", to_string(conditions.load.generator)},
        {"threads", conditions.load.threads},
        {"connections", conditions.load.connections},
        {"duration_s", conditions.load.duration.count()},
        {"warmup_s", conditions.load.warmup.count()},
        {"pipeline", conditions.load.pipeline},
        {"rate", conditions.load.rate},
        {"planned_contenders", conditions.planned_contenders},
        {"planned_runs", conditions.planned_runs},
        {"pinned", conditions.placement.pinned},
        {"server_cpus", conditions.placement.server},
        {"generator_cpus", conditions.placement.generator},
        {"quota_percent", conditions.quota_percent},
        {"machine", conditions.machine},
    };
}

// Typed look-ups that remember the first key that was missing or of another type. nlohmann's own
// report such a thing by throwing, which we do not.
class Reader {
public:
    explicit Reader(const Json& object) : object_(object) {}

    void read(const char* key, std::string& value) {
        if (const Json* const found = find(key, Json::value_t::string)) {
            value = found->get<std::string>();
        }
    }
    void read(const char* key, bool& value) {
        if (const Json* const found = find(key, Json::value_t::boolean)) {
            value = found->get<bool>();
        }
    }
    void read(const char* key, double& value) {
        const auto found = object_.find(key);
        if (found != object_.end() && found->is_number()) {
            value = found->get<double>();
        } else {
            missing(key);
        }
    }
    void read(const char* key, int& value) {
        const auto found = object_.find(key);
        if (found != object_.end() && found->is_number_integer()) {
            value = found->get<int>();
        } else {
            missing(key);
        }
    }
    void read(const char* key, std::chrono::seconds& value) {
        int count = 0;
        read(key, count);
        value = std::chrono::seconds(count);
    }
    void read(const char* key, CpuList& value) {
        for (const Json& cpu : elements(key)) {
            if (!cpu.is_number_integer()) {
                missing(key);
                return;
            }
            value.push_back(cpu.get<int>());
        }
    }
    void read(const char* key, std::vector<std::string>& value) {
        for (const Json& text : elements(key)) {
            if (!text.is_string()) {
                missing(key);
                return;
            }
            value.push_back(text.get<std::string>());
        }
    }
    void read(const char* key, Machine& value) {
        const Json* const found = find(key, Json::value_t::object);
        if (found == nullptr) {
            return;
        }
        for (const auto& [name, fact] : found->items()) {
            if (!fact.is_string()) {
                missing(key);
                return;
            }
            value[name] = fact.get<std::string>();
        }
    }
    void read(const char* key, Generator& value) {
        std::string name;
        read(key, name);
        value = name == to_string(Generator::open) ? Generator::open : Generator::wrk;
        if (name != to_string(value)) {
            missing(key);
        }
    }
    void missing(const char* key) {
        if (!missing_) {
            missing_ = key;
        }
    }
    [[nodiscard]] const std::optional<std::string>& missing() const { return missing_; }

private:
    // The elements of an array, none when it is missing.
    const Json::array_t& elements(const char* key) {
        static const Json::array_t none;
        const Json* const found = find(key, Json::value_t::array);
        return found == nullptr ? none : found->get_ref<const Json::array_t&>();
    }
    const Json* find(const char* key, Json::value_t type) {
        const auto found = object_.find(key);
        if (found == object_.end() || found->type() != type) {
            missing(key);
            return nullptr;
        }
        return &*found;
    }

    const Json& object_;
    std::optional<std::string> missing_;
};

void read_conditions(Reader& reader, Conditions& conditions) {
    reader.read("experiment", conditions.experiment);
    reader.read("workload", conditions.workload);
    reader.read("baseline", conditions.baseline);
    reader.read("generator", conditions.load.generator);
    reader.read("threads", conditions.load.threads);
    reader.read("connections", conditions.load.connections);
    reader.read("duration_s", conditions.load.duration);
    reader.read("warmup_s", conditions.load.warmup);
    reader.read("pipeline", conditions.load.pipeline);
    reader.read("rate", conditions.load.rate);
    reader.read("planned_contenders", conditions.planned_contenders);
    reader.read("planned_runs", conditions.planned_runs);
    reader.read("pinned", conditions.placement.pinned);
    reader.read("server_cpus", conditions.placement.server);
    reader.read("generator_cpus", conditions.placement.generator);
    reader.read("quota_percent", conditions.quota_percent);
    reader.read("machine", conditions.machine);
}

void read_sample(Reader& reader, Sample& sample) {
    reader.read("contender", sample.contender);
    reader.read("engine", sample.engine);
    reader.read("flags", sample.flags);
    reader.read("program", sample.program);
    reader.read("backend", sample.backend);
    reader.read("handles", sample.handles);
    reader.read("iteration", sample.iteration);
    reader.read("value", sample.value);
    reader.read("void", sample.void_reason);
    std::string metric;
    reader.read("metric", metric);
    if (const auto known = metric_named(metric)) {
        sample.metric = *known;
    } else {
        reader.missing("metric");
    }
}

std::string finished(Json line, const Conditions& conditions) {
    line.update(to_json(conditions));
    return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// The keys that tell lines apart; a sample has none of them.
constexpr const char* kAbsent = "absent";
constexpr const char* kFailed = "failed";
constexpr const char* kEstimate = "estimate";

// Reads one line into `set`, whose conditions are the line's.
void read_line(const Json& object, Reader& reader, SampleSet& set) {
    if (object.contains(kEstimate)) {
        Estimate& estimate = set.estimates.emplace_back();
        reader.read(kEstimate, estimate.contender);
        reader.read("of", estimate.of);
        reader.read("ratio", estimate.ratio);
        reader.read("source", estimate.source);
    } else if (object.contains(kAbsent) || object.contains(kFailed)) {
        Absence& absence = set.absences.emplace_back();
        absence.why = object.contains(kFailed) ? Absence::Why::failed : Absence::Why::absent;
        reader.read(absence.why == Absence::Why::failed ? kFailed : kAbsent, absence.contender);
        reader.read("reason", absence.reason);
    } else {
        read_sample(reader, set.samples.emplace_back());
    }
    read_conditions(reader, set.conditions);
}

template <class T>
void move_all(std::vector<T>& from, std::vector<T>& to) {
    std::ranges::move(from, std::back_inserter(to));
}

}  // namespace

std::string to_json_line(const Conditions& conditions, const Sample& sample) {
    Json line = {
        {"contender", sample.contender},   {"engine", sample.engine},
        {"flags", sample.flags},           {"program", sample.program},
        {"backend", sample.backend},       {"handles", sample.handles},
        {"iteration", sample.iteration},   {"metric", row(sample.metric).name},
        {"unit", row(sample.metric).unit}, {"value", sample.value},
        {"void", sample.void_reason},
    };
    return finished(std::move(line), conditions);
}

std::string to_json_line(const Conditions& conditions, const Absence& absence) {
    return finished({{absence.why == Absence::Why::failed ? kFailed : kAbsent, absence.contender},
                     {"reason", absence.reason}},
                    conditions);
}

std::string to_json_line(const Conditions& conditions, const Estimate& estimate) {
    return finished({{kEstimate, estimate.contender},
                     {"of", estimate.of},
                     {"ratio", estimate.ratio},
                     {"source", estimate.source}},
                    conditions);
}

Result<std::vector<SampleSet>, Error> parse_samples(std::string_view text) {
    std::vector<SampleSet> sets;
    int line_number = 0;
    bool any = false;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        const bool complete = line.size() < text.size();
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        ++line_number;
        if (line.empty()) {
            continue;
        }
        const auto bad = [&](std::string_view why) {
            return fail(Error::invalid(fmt::format("line {} {}", line_number, why)));
        };
        const Json object = Json::parse(line, nullptr, false);
        if (object.is_discarded() && !complete) {
            break;
        }
        if (!object.is_object()) {
            return bad("is not a JSON object");
        }
        SampleSet read;
        Reader reader(object);
        read_line(object, reader, read);
        if (reader.missing()) {
            return bad(fmt::format("has no usable '{}'", *reader.missing()));
        }
        auto set = std::ranges::find(sets, read.conditions, &SampleSet::conditions);
        if (set == sets.end()) {
            set = sets.insert(
                set,
                SampleSet{
                    .conditions = read.conditions, .samples = {}, .absences = {}, .estimates = {}});
        }
        any = any || !read.samples.empty();
        move_all(read.samples, set->samples);
        move_all(read.absences, set->absences);
        move_all(read.estimates, set->estimates);
    }
    if (!any) {
        return fail(Error::invalid("it holds no samples"));
    }
    return sets;
}

Result<std::vector<SampleSet>, Error> read_samples(const std::filesystem::path& path) {
    const std::string text = TRY(read_whole_file(path));
    auto sets = parse_samples(text);
    if (!sets) {
        return fail(std::move(sets).error().in(path.string()));
    }
    return sets;
}

Result<SampleWriter, Error> SampleWriter::create(const std::filesystem::path& path) {
    UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644));
    if (!fd && errno == EEXIST) {
        return fail(Error::invalid(
            fmt::format("{} exists already; choose another output directory", path.string())));
    }
    if (!fd) {
        return fail(Error::from_errno(errno, fmt::format("creating {}", path.string())));
    }
    return SampleWriter(std::move(fd));
}

Result<void, Error> SampleWriter::append(const SampleSet& set) {
    std::string lines;
    const auto add = [&](const auto& records) {
        for (const auto& record : records) {
            lines += to_json_line(set.conditions, record) + '\n';
        }
    };
    add(set.absences);
    add(set.estimates);
    add(set.samples);
    std::string_view rest = lines;
    while (!rest.empty()) {
        const ssize_t written = write(fd_.get(), rest.data(), rest.size());
        if (written < 0 && errno != EINTR) {
            return fail(Error::from_errno(errno, "writing samples"));
        }
        rest.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return {};
}

}  // namespace wasmax::lab
