#include "codegen/impl/linker.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "abi/artifact.h"
#include "base/assert.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "codegen/impl/object.h"
#include "wasm/module.h"

namespace wasmax::codegen {
namespace {

/// int3: what a wrong jump between two partitions would meet.
constexpr std::byte kTextFill{0xcc};
constexpr std::uint64_t kMaxLinkedBytes = std::uint64_t{1} << 31;

/// Where an object's sections are in the joined ones.
struct Base {
    std::uint64_t text = 0;
    std::uint64_t rodata = 0;
};

/// Both passes walk the objects with this, so they agree on the places.
Base next_base(const Base& end, const Object& object) {
    return {align_up(end.text, kTextAlignment), align_up(end.rodata, object.rodata_alignment)};
}

void write_unsigned(std::vector<std::byte>& out, std::uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<std::byte>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<std::byte>(value));
}

void write_signed(std::vector<std::byte>& out, std::int64_t value) {
    while (value < -0x40 || value >= 0x40) {
        out.push_back(static_cast<std::byte>((value & 0x7f) | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<std::byte>(value & 0x7f));
}

/// The entries of one function: changes of the wasm offset only.
void write_pcmap(std::vector<std::byte>& out, const CodeSymbol& symbol,
                 std::span<const LineRow> rows) {
    auto row = std::lower_bound(
        rows.begin(), rows.end(), symbol.offset,
        [](const LineRow& candidate, std::uint64_t offset) { return candidate.offset < offset; });
    std::uint64_t pc = symbol.offset;
    std::int64_t module_offset = 0;
    for (; row != rows.end() && row->offset < symbol.offset + symbol.bytes; ++row) {
        if (row->module_offset != module_offset) {
            write_unsigned(out, row->offset - pc);
            write_signed(out, row->module_offset - module_offset);
            pc = row->offset;
            module_offset = row->module_offset;
        }
    }
}

class Joiner {
public:
    explicit Joiner(const Plan& plan) : module_(plan.module), unwinds_(plan.unwinds) {
        code_.wrappers.assign(module_.imported_functions, abi::kNoWrapper);
    }

    Result<void, Error> add(const Object& object) {
        const Base base = next_base({code_.text.size(), code_.rodata.size()}, object);
        code_.text.resize(base.text, kTextFill);
        code_.text.insert(code_.text.end(), object.text.begin(), object.text.end());
        code_.rodata.resize(base.rodata);
        code_.rodata.insert(code_.rodata.end(), object.rodata.begin(), object.rodata.end());
        code_.rodata_alignment = std::max(code_.rodata_alignment, object.rodata_alignment);
        if (code_.text.size() + code_.rodata.size() > kMaxLinkedBytes) {
            return fail(Error::limit("the compiled module exceeds 2 GiB"));
        }
        for (const CodeSymbol& symbol : object.symbols) {
            TRY(add_symbol(object, symbol, base));
        }
        const auto text = static_cast<std::uint32_t>(base.text);
        for (const abi::LandingRange& range : object.pads) {
            code_.landing.push_back(
                {.begin = text + range.begin, .end = text + range.end, .pad = text + range.pad});
        }
        return {};
    }

    Result<LinkedCode, Error> finish() {
        if (code_.functions.size() != module_.defined_functions()) {
            return fail(Error::internal("LLVM's objects lack functions"));
        }
        code_.functions.push_back(end_of_functions_);
        code_.pcmap_index.push_back(static_cast<std::uint32_t>(code_.pcmap_entries.size()));
        return std::move(code_);
    }

private:
    Result<void, Error> add_symbol(const Object& object, const CodeSymbol& symbol,
                                   const Base& base) {
        const auto offset = static_cast<std::uint32_t>(base.text + symbol.offset);
        const std::uint32_t index = symbol.name.function.value;
        switch (symbol.name.kind) {
            case SymbolName::Kind::function:
                if (index != module_.imported_functions + code_.functions.size()) {
                    return fail(Error::internal("LLVM's objects have functions out of order"));
                }
                code_.functions.push_back(offset);
                end_of_functions_ = offset + static_cast<std::uint32_t>(symbol.bytes);
                code_.pcmap_index.push_back(static_cast<std::uint32_t>(code_.pcmap_entries.size()));
                write_pcmap(code_.pcmap_entries, symbol, object.rows);
                if (unwinds_) {
                    TRY(add_frame(object, symbol));
                }
                break;
            case SymbolName::Kind::wrapper:
                WASMAX_ASSERT(index < code_.wrappers.size());
                code_.wrappers[index] = offset;
                break;
        }
        code_.symbols.push_back({symbol.name, offset, symbol.bytes});
        return {};
    }

    Result<void, Error> add_frame(const Object& object, const CodeSymbol& symbol) {
        const auto frame =
            std::ranges::lower_bound(object.frames, symbol.offset, {}, &FrameRow::offset);
        if (frame == object.frames.end() || frame->offset != symbol.offset) {
            return fail(
                Error::internal("LLVM's object lacks unwind information of " + symbol.name.text()));
        }
        code_.unwind.push_back(frame->saved);
        return {};
    }

    const wasm::Module& module_;
    const bool unwinds_;
    LinkedCode code_;
    std::uint32_t end_of_functions_ = 0;
};

/// Applies relocations with addresses relative to the start of the text.
class Relocator {
public:
    Relocator(LinkedCode& code, const wasm::Module& module, TextDistance distance)
        : code_(code), module_(module), rodata_address_(-distance.bytes) {}

    Result<void, Error> apply(const Relocation& relocation, const Base& base) {
        const bool in_text = relocation.section == Relocation::Section::text;
        const std::uint64_t place = relocation.place + (in_text ? base.text : base.rodata);
        const std::int64_t place_address =
            static_cast<std::int64_t>(place) + (in_text ? 0 : rodata_address_);
        const std::int64_t value =
            TRY(target_address(relocation, base)) + relocation.addend - place_address;
        if (value < std::numeric_limits<std::int32_t>::min() ||
            value > std::numeric_limits<std::int32_t>::max()) {
            return fail(Error::limit("the compiled module exceeds 2 GiB"));
        }
        const auto field = static_cast<std::int32_t>(value);
        std::memcpy((in_text ? code_.text : code_.rodata).data() + place, &field, sizeof field);
        return {};
    }

private:
    Result<std::int64_t, Error> target_address(const Relocation& relocation, const Base& base) {
        switch (relocation.target) {
            case Relocation::Target::text:
                return static_cast<std::int64_t>(base.text);
            case Relocation::Target::rodata:
                return static_cast<std::int64_t>(base.rodata) + rodata_address_;
            case Relocation::Target::symbol:
                break;
        }
        const std::uint32_t index = relocation.symbol.function.value;
        if (relocation.symbol.kind != SymbolName::Kind::function ||
            index < module_.imported_functions || index >= module_.function_types.size()) {
            return fail(Error::internal("LLVM's objects refer to an undefined symbol " +
                                        relocation.symbol.text()));
        }
        return std::int64_t{code_.functions[index - module_.imported_functions]};
    }

    LinkedCode& code_;
    const wasm::Module& module_;
    std::int64_t rodata_address_;
};

}  // namespace

Result<LinkedCode, Error> join(const Plan& plan, std::span<const Object> objects) {
    Joiner joiner(plan);
    for (const Object& object : objects) {
        TRY(joiner.add(object));
    }
    return joiner.finish();
}

Result<void, Error> relocate(LinkedCode& code, const Plan& plan, std::span<const Object> objects,
                             TextDistance distance) {
    Relocator relocator(code, plan.module, distance);
    Base end;
    for (const Object& object : objects) {
        const Base base = next_base(end, object);
        for (const Relocation& relocation : object.relocations) {
            TRY(relocator.apply(relocation, base));
        }
        end = {base.text + object.text.size(), base.rodata + object.rodata.size()};
    }
    return {};
}

}  // namespace wasmax::codegen
