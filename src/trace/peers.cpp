#include "trace/peers.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "trace/fields.h"
#include "trace/file_reader.h"

namespace wasmax::trace {

std::string Peers::of(const FileReader& file, const Record& record) {
    const auto fd = first_fd(file.schema(), record);
    std::string peer = "no connection";
    if (fd.has_value()) {
        const auto found = peers_.find(*fd);
        if (found != peers_.end()) {
            peer = found->second;
        }
    }
    const std::string_view name = file.schema().call_name(record.call);
    const bool accepts = file.schema().calls[record.call].accepts;
    if (record.error == 0 &&
        (accepts || name == "sock_connect" || name == "sock_send_to" || name == "sock_recv_from")) {
        return learn(file, record, accepts, peer);
    }
    if (name == "fd_close" && fd.has_value()) {
        peers_.erase(*fd);
    }
    return peer;
}

std::string Peers::learn(const FileReader& file, const Record& record, bool accepts,
                         std::string peer) {
    std::optional<std::uint64_t> fd;
    std::optional<SocketAddress> address;
    for (const FieldValue& value : decode(file.schema(), record)) {
        if (value.field->kind == FieldKind::fd && value.field->out == accepts) {
            fd = value.number;
        }
        if (value.address) {
            address = value.address;
        }
    }
    if (address && !address->host.empty()) {
        // Ports of clients are as many as connections: what matters is the host.
        peer = accepts ? address->host : address->text();
    } else if (accepts) {
        peer = "unknown peer";
    }
    if (fd) {
        peers_[static_cast<std::uint32_t>(*fd)] = peer;
    }
    return peer;
}

}  // namespace wasmax::trace
