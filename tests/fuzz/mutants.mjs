// node mutants.mjs WASMAX DIRECTORY MINUTES SEED PATH...: mutates real modules (PATH: a file, or a directory of them) and
// compares `wasmax validate` with V8's opinion. What they disagree about is kept in DIRECTORY/finds as
// mutant-SEED-N.wasm, with a line in DIRECTORY/finds/log; exits with 1 if there is such. Of what both accept, small
// modules are also compiled, which must neither crash nor fail for a reason of ours.
//
// A mutant has everything of its module but custom sections, most bodies (which become `unreachable`) and the contents of
// data segments, so that a large module costs little and its few bodies get many mutations.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const [wasmax, directory, minutes, firstSeed, ...paths] = process.argv.slice(2);
const kLargestModule = 80e6;
const kMutantsPerBatch = 100;
const kSeedsPerBatch = 5;
const kLargestCompiled = 20_000;

/// mulberry32: numbers below `limit`, the same for the same seed.
function makeRandom(seed) {
    let state = seed >>> 0;
    return (limit) => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
    };
}

function modulesIn(path) {
    if (statSync(path).isDirectory()) {
        return readdirSync(path).flatMap((name) => modulesIn(join(path, name)));
    }
    return /\.(wasm|exe)$/.test(path) && statSync(path).size <= kLargestModule ? [path] : [];
}

function leb(value) {
    const bytes = [];
    for (; value >= 0x80; value = Math.floor(value / 128)) {
        bytes.push((value % 128) | 0x80);
    }
    return Buffer.from([...bytes, value]);
}

function readLeb(bytes, at) {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
        const byte = bytes[at++];
        value += (byte & 0x7f) * shift;
        if (byte < 0x80) {
            return [value, at];
        }
        if (byte === undefined || shift > 2 ** 35) {
            throw new Error('no number');
        }
    }
}

/// The sections as {id, contents}; of the code section also `bodies`, without their sizes.
function parse(bytes) {
    const sections = [];
    for (let at = 8; at < bytes.length;) {
        const id = bytes[at];
        const [size, start] = readLeb(bytes, at + 1);
        const section = { id, contents: bytes.subarray(start, start + size) };
        at = start + size;
        if (id === 10) {
            let [count, place] = readLeb(section.contents, 0);
            section.bodies = [];
            for (; count > 0; --count) {
                const [length, begin] = readLeb(section.contents, place);
                section.bodies.push(section.contents.subarray(begin, begin + length));
                place = begin + length;
            }
        }
        sections.push(section);
    }
    return sections;
}

const kUnreachable = Buffer.from([0, 0, 0x0b]);
/// Many of them, each with its size.
const kUnreachables = Buffer.alloc(4_000_000, Buffer.from([3, 0, 0, 0x0b]));

/// Data segments without their bytes.
function emptySegments(contents) {
    let [count, at] = readLeb(contents, 0);
    const parts = [leb(count)];
    for (; count > 0; --count) {
        const begin = at;
        let flags;
        [flags, at] = readLeb(contents, at);
        if (flags === 2) {
            [, at] = readLeb(contents, at);
        }
        if (flags !== 1) {
            // Offsets are short: a constant, or a global's value.
            const opcode = contents[at];
            if (![0x41, 0x42, 0x23].includes(opcode)) {
                return contents;
            }
            [, at] = readLeb(contents, at + 1);
            if (contents[at++] !== 0x0b) {
                return contents;
            }
        }
        parts.push(contents.subarray(begin, at), Buffer.from([0]));
        const [length, start] = readLeb(contents, at);
        at = start + length;
    }
    return Buffer.concat(parts);
}

/// The module's skeleton with up to eight of its bodies.
function reduce(sections, random) {
    return sections.filter(({ id }) => id !== 0 || random(20) === 0).map((section) => {
        if (section.id === 11) {
            return { id: 11, contents: emptySegments(section.contents) };
        }
        if (!section.bodies) {
            return section;
        }
        const { bodies } = section;
        const chosen = bodies.length <= 8 ? bodies.map((_, index) => index)
            : Array.from({ length: 8 }, () => random(bodies.length)).filter((index) => bodies[index].length < 30_000);
        return { id: 10, count: bodies.length, bodies: new Map(chosen.sort((left, right) => left - right).map(
            (index) => [index, bodies[index]])) };
    });
}

/// The code section of a reduced module.
function codeSection({ count, bodies }) {
    const parts = [leb(count)];
    let next = 0;
    for (const [index, body] of bodies) {
        parts.push(kUnreachables.subarray(0, 4 * (index - next)), leb(body.length), body);
        next = index + 1;
    }
    return Buffer.concat([...parts, kUnreachables.subarray(0, 4 * (count - next))]);
}

function assemble(sections) {
    const parts = [Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])];
    for (const section of sections) {
        const whole = section.bodies ? codeSection(section) : section.contents;
        parts.push(Buffer.from([section.id]), leb(whole.length), whole);
    }
    return Buffer.concat(parts);
}

/// Bytes that mean something as an opcode, a type or a number.
const kBytes = [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10,
    0x11, 0x12, 0x13, 0x14, 0x15, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x28,
    0x36, 0x3f, 0x40, 0x41, 0x42, 0x43, 0x44, 0x50, 0x5e, 0x5f, 0x60, 0x63, 0x64, 0x69, 0x6f, 0x70, 0x73, 0x74, 0x7b,
    0x7c, 0x7d, 0x7e, 0x7f, 0x80, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xfb, 0xfc, 0xfd, 0xfe, 0xff];
/// Instructions that type in any place, or nearly.
const kSnippets = [[0x00], [0x00], [0x00], [0x01], [0x1a], [0x41, 0x00], [0x41, 0x00, 0x1a], [0x42, 0x00], [0x0f],
    [0x0c, 0x00], [0x0d, 0x00], [0x02, 0x40, 0x0b], [0x03, 0x40, 0x0b], [0x06, 0x40, 0x19, 0x0b], [0x06, 0x40, 0x0b],
    [0x06, 0x40, 0x18, 0x00], [0x1f, 0x40, 0x00, 0x0b], [0x1f, 0x40, 0x01, 0x02, 0x00, 0x0b], [0x02, 0x70, 0xd0, 0x70, 0x0b],
    [0xd0, 0x70], [0xd0, 0x6f], [0xd0, 0x69], [0xd0, 0x00], [0xd1], [0xd3], [0xd4], [0xd5, 0x00], [0xd6, 0x00], [0xd2, 0x00],
    [0x1b], [0x1c, 0x01, 0x7f], [0x1c, 0x01, 0x70], [0x1c, 0x00], [0x1c, 0x02, 0x7f, 0x7f], [0x14, 0x00], [0x15, 0x00],
    [0x08, 0x00], [0x09, 0x00], [0x0a], [0x12, 0x00], [0x13, 0x00, 0x00], [0x11, 0x00, 0x00], [0x0e, 0x01, 0x00, 0x00],
    [0x0e, 0x00, 0x01], [0x05], [0x0b], [0xfc, 0x08, 0x00, 0x00], [0xfc, 0x09, 0x00], [0xfc, 0x0a, 0x00, 0x00],
    [0xfc, 0x0b, 0x00], [0xfc, 0x0c, 0x00, 0x00], [0xfc, 0x0d, 0x00], [0xfc, 0x0e, 0x00, 0x00], [0xfc, 0x0f, 0x00],
    [0xfc, 0x10, 0x00], [0xfc, 0x11, 0x00], [0xfe, 0x00, 0x02, 0x00], [0xfe, 0x03, 0x00], [0xfd, 0x0c,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0xfd, 0x80, 0x02], [0xfd, 0x00, 0x04, 0x00], [0x28, 0x42, 0x01, 0x00],
    [0x28, 0x02, 0x00], [0x28, 0x02, 0x80, 0x80, 0x80, 0x80, 0x10], [0x28, 0x02, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]];

function mutateBytes(bytes, random, others) {
    if (bytes.length === 0) {
        return Buffer.from([random(256)]);
    }
    const at = random(bytes.length);
    const replace = (byte) => {
        const copy = Buffer.from(bytes);
        copy[at] = byte;
        return copy;
    };
    const splice = (removed, inserted) =>
        Buffer.concat([bytes.subarray(0, at), Buffer.from(inserted), bytes.subarray(at + removed)]);
    switch (random(9)) {
        case 0: return replace(random(256));
        case 1: return replace(kBytes[random(kBytes.length)]);
        case 2: return replace(bytes[at] ^ (1 << random(8)));
        case 3: return replace(bytes[at] + 1 - 2 * random(2));
        case 4: return splice(1 + random(4), []);
        // The same number in more bytes, if it is one: the last of them has the sign.
        case 5: return splice(1, [bytes[at] | 0x80, ...(random(3) ? [] : [0x80, 0x80, 0x80]), [0x00, 0x7f, 0x10][random(3)]]);
        case 6: {
            const other = others[random(others.length)];
            const from = random(other.length);
            return splice(random(3) ? 0 : random(8), other.subarray(from, from + 1 + random(12)));
        }
        default: return splice(random(2) ? 0 : 1, kSnippets[random(kSnippets.length)]);
    }
}

function mutant(sections, random) {
    const copy = sections.map((section) => ({ ...section, bodies: section.bodies && new Map(section.bodies) }));
    const code = copy.find(({ bodies }) => bodies);
    const indices = code ? [...code.bodies.keys()] : [];
    const others = [...(code?.bodies.values() ?? []), kUnreachable];
    for (let left = 1 + (random(2) ? 0 : random(3)); left > 0; --left) {
        if (indices.length > 0 && random(4) !== 0) {
            const index = indices[random(indices.length)];
            code.bodies.set(index, mutateBytes(code.bodies.get(index), random, others));
        } else if (copy.length > 0) {
            const section = copy[random(copy.length)];
            if (random(12) === 0) {
                copy.splice(random(copy.length), 0, { ...section });
            } else if (random(12) === 0) {
                section.id = random(15);
            } else if (!section.bodies && section.contents.length < 100_000) {
                section.contents = mutateBytes(section.contents, random, copy.flatMap(
                    ({ contents }) => (contents && contents.length > 0 ? [contents] : [])));
            }
        }
    }
    return assemble(copy);
}

/// What differs for a known reason: GC types, which wasmax does not have; limits, which are each engine's own; and what
/// V8 takes although the specification does not: block types, heap types and attributes of tags in more bytes than one, and after `unreachable` values of
/// br_on_null as numbers, and br_on_non_null to labels without a reference. The other way, V8 reads 32-bit sizes of
/// memories and tables as numbers of 32 bits, which WebAssembly 3.0 encodes as any of 64.
function expected(ours, theirs) {
    if (/does not support/.test(ours) && theirs === '') {
        return 'unsupported';
    }
    if (/length overflow while decoding (initial|maximum) size/.test(theirs) || /malformed (block type|heap type|tag attribute)|found \(ref any type\)|target of br_on_non_null takes no reference/.test(ours)) {
        return 'lenient';
    }
    const limit = /too many|too large|limit|maximum|exceeds|mix of legacy/;
    return limit.test(ours) || limit.test(theirs) ? 'limit' : undefined;
}

function opinionOfV8(bytes) {
    if (WebAssembly.validate(bytes)) {
        return '';
    }
    try {
        new WebAssembly.Module(bytes);
    } catch (error) {
        return error.message;
    }
    return 'validate() and Module() differ';
}

function opinionsOfWasmax(files) {
    const { status, signal, stderr } = spawnSync(wasmax, ['validate', ...files], { encoding: 'utf8', maxBuffer: 1e9 });
    if (status !== 0 && status !== 1) {
        return { crash: `validate ended with ${status ?? signal}` };
    }
    const opinions = new Map();
    for (const line of stderr.split('\n')) {
        const match = /(\S+\.wasm): (.*)/.exec(line);
        if (match) {
            opinions.set(match[1], match[2]);
        }
    }
    return { opinions };
}

/// What is wrong with how a valid module compiles, or undefined.
function compileProblem(file, level) {
    const { status, signal, stderr } = spawnSync(
        wasmax, ['compile', level, file, '-o', join(directory, 'mutant.wmx')], { encoding: 'utf8', timeout: 60_000 });
    if (status === 0 || (status === 1 && !/: the child process|LLVM/.test(stderr))) {
        return undefined;
    }
    return `compile ${level}: ${status ?? signal} ${stderr}`;
}

const tally = { mutants: 0, valid: 0, compiled: 0, unsupported: 0, lenient: 0, limit: 0, finds: 0 };
const finds = join(directory, 'finds');
const batch = join(directory, 'mutants');
mkdirSync(finds, { recursive: true });
function keep(file, message) {
    copyFileSync(file, join(finds, basename(file)));
    const line = `${basename(file)}: ${message}`;
    console.log(line);
    writeFileSync(join(finds, 'log'), `${line}\n`, { flag: 'a' });
    ++tally.finds;
}

const parsed = new Map();
function sectionsOf(path) {
    if (!parsed.has(path)) {
        parsed.set(path, parse(readFileSync(path)));
    }
    return parsed.get(path);
}

const modules = paths.flatMap(modulesIn);
if (modules.length === 0) {
    console.error('mutants: no module found');
    process.exit(2);
}
const end = Date.now() + minutes * 60_000;
let seed = Number(firstSeed);
for (; Date.now() < end; ++seed) {
    rmSync(batch, { recursive: true, force: true });
    mkdirSync(batch, { recursive: true });
    const random = makeRandom(seed * 7919);
    const made = new Map();
    for (let count = 0; count < kSeedsPerBatch; ++count) {
        const path = modules[random(modules.length)];
        let sections;
        try {
            sections = reduce(sectionsOf(path), random);
        } catch {
            continue;  // a malformed module among the seeds
        }
        for (let number = 0; number < kMutantsPerBatch / kSeedsPerBatch; ++number) {
            const file = join(batch, `mutant-${seed}-${made.size}.wasm`);
            const bytes = mutant(sections, random);
            writeFileSync(file, bytes);
            made.set(file, bytes);
        }
    }
    const { opinions, crash } = opinionsOfWasmax([...made.keys()]);
    if (crash) {
        for (const file of made.keys()) {
            const alone = opinionsOfWasmax([file]);
            if (alone.crash) {
                keep(file, alone.crash);
            }
        }
        continue;
    }
    for (const [file, bytes] of made) {
        const ours = opinions.get(file) ?? '';
        const theirs = opinionOfV8(bytes);
        ++tally.mutants;
        if ((ours === '') === (theirs === '')) {
            tally.valid += ours === '';
            if (ours === '' && bytes.length < kLargestCompiled && random(4) === 0) {
                ++tally.compiled;
                const problem = compileProblem(file, ['-O0', '-O1', '-O2'][random(3)]);
                if (problem) {
                    keep(file, problem);
                }
            }
            continue;
        }
        const reason = expected(ours, theirs);
        if (reason) {
            ++tally[reason];
        } else {
            keep(file, ours === '' ? `V8 refuses: ${theirs}` : `wasmax refuses: ${ours}`);
        }
    }
}
console.log(`mutants: seeds ${firstSeed} to ${seed - 1} of ${modules.length} modules: ${Object.entries(tally).map(
    ([name, value]) => `${value} ${name}`).join(', ')}`);
process.exit(tally.finds === 0 ? 0 : 1);
