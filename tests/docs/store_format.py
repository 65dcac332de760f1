#!/usr/bin/env python3
"""store_format.py MLOPS SCRATCH: mlops-store(5) is enough to read a store without mlops.

Two versions of a file and some small ones are added; then the packs are read here by what the page
says, with b3sum and zstd for what has a standard. Every byte of every pack must be accounted for,
every content must come back, and the cuts must be where the rule puts them. TAP.
"""

import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

MLOPS = str(Path(sys.argv[1]).resolve())
LEAST, AVERAGE, MOST = 262144, 1048576, 4194304
MASK64 = (1 << 64) - 1
failures = 0
count = 0


def check(good, title):
    global count, failures
    count += 1
    failures += not good
    print(f"{'ok' if good else 'not ok'} {count} - {title}")


def run(*command, data=b""):
    return subprocess.run(command, input=data, check=True, stdout=subprocess.PIPE).stdout


def blake3(data):
    return bytes.fromhex(run("b3sum", "--no-names", data=data).decode())


def mix(z):
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK64
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK64
    return z ^ z >> 31


GEAR = [mix((b + 1) * 0x9E3779B97F4A7C15 & MASK64) for b in range(256)]


def cut(data, start):
    """Length of the chunk that begins there."""
    end = min(len(data), start + MOST)
    strict, lax = ((1 << 22) - 1) << 41, ((1 << 18) - 1) << 45
    value = 0
    for at in range(min(start + LEAST, end), end):
        value = (value << 1 & MASK64) + GEAR[data[at]] & MASK64
        if not value & (strict if at + 1 - start <= AVERAGE else lax):
            return at + 1 - start
    return end - start


def sketch(chunk):
    """The least values, from the places that count; numbers as on the page."""
    multipliers = [mix((k + 1) * 0x9E3779B97F4A7C15 & MASK64) | 1 for k in range(16)]
    least = [0xFFFFFFFF] * 16
    words = [struct.unpack_from(f"<{(len(chunk) - shift) // 4}I", chunk, shift) for shift in range(4)]
    for at in range(len(chunk) - 31):
        row, i = words[at & 3], at >> 2
        if (0x243F6A89 * row[i] + 0x85A308D3 * row[i + 1] & 0xFFFFFFFF) >> 24:
            continue
        window = 0
        for word in struct.unpack_from("<4Q", chunk, at):
            window = mix(window ^ word)
        for k in range(16):
            least[k] = min(least[k], (window * multipliers[k] >> 32) & 0xFFFFFFFF)
    return struct.pack("<16I", *least)


def read_pack(path, entries):
    """Adds the entries of a pack; False if any byte is not as the page says."""
    data = path.read_bytes()
    if data[:8] != b"mlpk\1\0\0\0" or data[8:16] != blake3(data[:8])[:8]:
        return False
    at = 16
    while at < len(data):
        head = data[at:at + 72]
        magic, method, kind, n_bases, depth, size, payload, name, check_payload, check_head = \
            struct.unpack("<4sBBBBQQ32s8s8s", head)
        names = data[at + 72:at + 72 + 32 * n_bases]
        body = data[at + 72 + 32 * n_bases:at + 72 + 32 * n_bases + payload]
        if magic != b"mle1" or len(body) != payload or blake3(body)[:8] != check_payload or \
                blake3(head[:64] + names)[:8] != check_head:
            return False
        bases = [names[i:i + 32] for i in range(0, len(names), 32)]
        entries[name] = (method, kind, depth, size, bases, body)
        at += 72 + 32 * n_bases + payload
    return at == len(data)


def decode(entries, name, scratch):
    method, kind, depth, size, bases, body = entries[name]
    if kind == 1:
        content = b"".join(decode(entries, chunk, scratch) for chunk, _, _ in chunks(body))
    elif method == 0:
        content = body
    elif method == 1:
        content = run("zstd", "-q", "-d", "-c", data=body)
    else:
        assert all(entries[base][2] < depth and entries[base][1] == 0 for base in bases)
        joined = scratch / f"bases{depth}"
        joined.write_bytes(b"".join(decode(entries, base, scratch) for base in bases))
        content = run("zstd", "-q", "-d", "-c", "--long=27", f"--patch-from={joined}", data=body)
    assert len(content) == size
    return content


def chunks(body):
    version, flags, zeros, n = struct.unpack("<BBHI", body[:8])
    step = 40 + (64 if flags & 1 else 0)
    assert version == 1 and flags < 2 and zeros == 0 and len(body) == 8 + n * step
    return [(body[at:at + 32], struct.unpack("<Q", body[at + 32:at + 40])[0], body[at + 40:at + step])
            for at in range(8, len(body), step)]


def rows(seed):
    draw = random.Random(seed)
    return [f"{i},{draw.random():.6f},{draw.randrange(1000)},{draw.choice(['red', 'green', 'blue'])}\n"
            for i in range(120000)]


def main():
    for tool in ("b3sum", "zstd"):
        if not shutil.which(tool):
            print(f"1..0 # SKIP no {tool}")
            return 0
    scratch = Path(tempfile.mkdtemp(dir=sys.argv[2] if len(sys.argv) > 2 else None))
    try:
        work = scratch / "work"
        work.mkdir()
        environment = {**os.environ, "MLOPS_FSYNC": "0"}
        lines = rows(1)
        versions = []
        subprocess.run([MLOPS, "init"], cwd=work, check=True, env=environment,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (work / "small.txt").write_bytes(b"small\n" * 50)
        (work / "noise.bin").write_bytes(random.Random(2).randbytes(5000))
        for version in range(2):
            for i in random.Random(version).sample(range(len(lines)), 1200 * version):
                lines[i] = f"{i},edited {version}\n"
            versions.append("".join(lines).encode())
            (work / "table.csv").write_bytes(versions[-1])
            subprocess.run([MLOPS, "add", "table.csv", "small.txt", "noise.bin"], cwd=work, check=True,
                           env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        entries = {}
        packs = sorted((work / ".mlops/objects/packs").glob("*.pack"))
        check(packs and all(read_pack(path, entries) for path in packs),
              "every byte of the packs is as the page says")
        for version, content in enumerate(versions):
            check(blake3(content) in entries, f"version {version} of the table is an entry")
        check(all(blake3(decode(entries, name, scratch)) == name for name in entries),
              "every content comes back by its name, with zstd alone")
        methods = {(entry[0], entry[1]) for entry in entries.values()}
        check(methods == {(0, 0), (1, 0), (2, 0), (0, 1)},
              "there are stored, compressed and delta blobs, and lists")
        data, listed = versions[1], chunks(entries[blake3(versions[1])][5])
        lengths, at = [], 0
        while at < len(data):
            lengths.append(cut(data, at))
            at += lengths[-1]
        check([size for _, size, _ in listed] == lengths, "the cuts are those of the rule")
        check(listed[0][2] == sketch(data[:lengths[0]]), "the first sketch is that of the rule")
    finally:
        shutil.rmtree(scratch)
    print(f"1..{count}")
    return 1 if failures else 0


sys.exit(main())
