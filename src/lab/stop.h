#pragma once

#include <optional>
#include <utility>

#include "base/error.h"
#include "base/result.h"

namespace wasmax::lab {

/// Why an experiment did not go on: a failure, or a person who interrupted it.
struct Stop {
    std::optional<Error> error;  ///< nullopt: interrupted
    int signal = 0;              ///< the signal that interrupted, or 0

    // NOLINTNEXTLINE(google-explicit-constructor): lets TRY pass an Error on.
    Stop(Error failure) : error(std::move(failure)) {}
    [[nodiscard]] static Stop interrupted_by(int signal) { return Stop(signal); }

private:
    explicit Stop(int interrupting_signal) : signal(interrupting_signal) {}
};

template <class T>
using Attempt = Result<T, Stop>;

}  // namespace wasmax::lab
