#include "base/error.h"

#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace wasmax {

Error Error::from_errno(int host_errno, std::string_view doing) {
    std::string message(doing);
    message += ": ";
    message += std::generic_category().message(host_errno);
    return {Kind::host, host_errno, std::move(message)};
}

Error Error::invalid(std::string message) { return {Kind::invalid, 0, std::move(message)}; }

Error Error::unsupported(std::string message) { return {Kind::unsupported, 0, std::move(message)}; }

Error Error::limit(std::string message) { return {Kind::limit, 0, std::move(message)}; }

Error Error::internal(std::string message) { return {Kind::internal, 0, std::move(message)}; }

Error Error::in(std::string_view context) && {
    message.insert(0, ": ");
    message.insert(0, context);
    return std::move(*this);
}

}  // namespace wasmax
