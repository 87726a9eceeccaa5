// node exceptions.mjs DIRECTORY FIRST_SEED COUNT: writes random modules full of try, catch, delegate, rethrow and
// throw to DIRECTORY, and exceptions.json: what V8 makes of them, as a command list for `wasmax wast`.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const [directory, firstSeed, count] = process.argv.slice(2);
const kFunctions = 5;

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

/// Functions call only those after them, so everything ends. `$h` is a hash of what happened.
function moduleText(seed) {
    const random = makeRandom(seed);
    const mix = (value) => `(local.set $h (i32.add (i32.mul (local.get $h) (i32.const 31)) ${value}))`;
    const condition = () =>
        `(i32.and (i32.shr_u (i32.xor (local.get ${random(2)}) (local.get $h)) (i32.const ${random(6)})) (i32.const 1))`;

    function expression(depth, self) {
        const choice = depth > 0 ? random(8) : 0;
        const sub = () => expression(depth - 1, self);
        const callee = self + 1 + random(Math.max(1, kFunctions - self - 1));
        if (choice >= 6 && self + 1 < kFunctions) {
            return choice === 6 ? `(call $f${callee} ${sub()} ${sub()})`
                : `(call_indirect (type $f) ${sub()} ${sub()} (i32.const ${callee}))`;
        }
        return [() => `(i32.const ${random(100)})`, () => '(local.get 0)', () => '(local.get 1)',
            () => '(local.get $h)', () => '(global.get $g)', () => `(i32.add ${sub()} ${sub()})`,
        ][choice % 6]();
    }
    const throwing = (self) => [() => '(throw $t0)', () => `(throw $t1 ${expression(1, self)})`,
        () => `(throw $t2 (i64.extend_i32_u ${expression(1, self)}) ${expression(1, self)})`][random(3)]();

    // `frames` are the kinds of the blocks around, innermost last.
    function statements(depth, self, frames, number = 1 + random(3)) {
        return Array.from({ length: number }, () => statement(depth, self, frames)).join('\n');
    }
    function tryStatement(depth, self, frames) {
        let text = `(try (do ${statements(depth - 1, self, [...frames, 'try'])})`;
        const tags = [0, 1, 2].filter(() => random(2) === 0);
        for (const tag of tags) {
            const take = ['', `(local.set $x) ${mix('(local.get $x)')}`, `(local.set $x) (local.set $y)
                ${mix('(i32.add (i32.wrap_i64 (local.get $y)) (local.get $x))')}`][tag];
            text += ` (catch $t${tag} ${take} ${statements(depth - 1, self, [...frames, 'catch'])})`;
        }
        if (tags.length === 0 || random(5) < 2) {
            text += ` (catch_all ${statements(depth - 1, self, [...frames, 'catch'])})`;
        }
        return `${text})`;
    }
    function statement(depth, self, frames) {
        const choice = depth > 0 ? random(14) : random(3);
        const inner = (kind) => statements(depth - 1, self, [...frames, kind]);
        const catches = frames.flatMap((kind, index) => (kind === 'catch' ? [frames.length - index] : []));
        switch (choice) {
            case 0: return mix(expression(2, self));
            case 1: return `(global.set $g (i32.add (global.get $g) ${expression(1, self)}))`;
            case 2: return `(if ${condition()} (then ${throwing(self)}))`;
            case 3: return `(if ${condition()} (then ${inner('block')}) (else ${inner('block')}))`;
            case 4: return `(block ${inner('block')} (br_if ${random(frames.length)} ${condition()}))`;
            case 5: return catches.length === 0 ? mix('(i32.const 1)')
                : `(if ${condition()} (then (rethrow ${catches[random(catches.length)]})))`;
            case 6: return `(try (do ${inner('try')}) (delegate ${random(frames.length)}))`;
            case 7: return `(if ${condition()} (then (return (local.get $h))))`;
            case 8: return `(if (i32.eq ${expression(1, self)} (i32.const ${random(40)})) (then unreachable))`;
            default: return tryStatement(depth, self, frames);
        }
    }
    const functions = Array.from({ length: kFunctions }, (_, self) =>
        `(func $f${self} (export "f${self}") (param i32 i32) (result i32) (local $h i32) (local $x i32) (local $y i64)
           (local.set $h (local.get 0)) (block ${statements(4, self, ['block'], 4)}) (local.get $h))`);
    return `(module (tag $t0) (tag $t1 (param i32)) (tag $t2 (param i64 i32)) (global $g (mut i32) (i32.const 0))
        (type $f (func (param i32 i32) (result i32)))
        (table funcref (elem ${functions.map((_, index) => `$f${index}`).join(' ')}))
        ${functions.join('\n')})`;
}

const value = (number) => ({ type: 'i32', value: String(number >>> 0) });

/// What V8 says, as an assertion.
function assertion(instance, field, args) {
    const action = { type: 'invoke', field, args: args.map(value) };
    try {
        return { type: 'assert_return', action, expected: [value(instance.exports[field](...args))] };
    } catch (error) {
        if (error instanceof WebAssembly.Exception) {
            return { type: 'assert_exception', action, expected: [] };
        }
        if (!(error instanceof WebAssembly.RuntimeError)) {
            throw error;
        }
        return { type: 'assert_trap', action, text: 'unreachable', expected: [] };
    }
}

const commands = [];
for (let seed = Number(firstSeed); seed < Number(firstSeed) + Number(count); ++seed) {
    const path = `${directory}/${seed}`;
    writeFileSync(`${path}.wat`, moduleText(seed));
    execFileSync('wat2wasm', ['--enable-exceptions', `${path}.wat`, '-o', `${path}.wasm`]);
    commands.push({ type: 'module', line: seed, filename: `${seed}.wasm` });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(`${path}.wasm`)));
    for (let index = 0; index + 1 < kFunctions; ++index) {
        for (const args of [[0, 0], [1, 2], [37, 9], [100, 255], [-1, 77], [12345, 54321]]) {
            commands.push({ line: seed, ...assertion(instance, `f${index}`, args) });
        }
    }
}
writeFileSync(`${directory}/exceptions.json`, JSON.stringify({ source_filename: 'exceptions.mjs', commands }));
