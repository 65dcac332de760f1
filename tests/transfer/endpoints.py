#!/usr/bin/env python3
"""endpoints.py ENDPOINT_TOOL: one contract for every kind of endpoint, against real servers, and
what may go wrong on the way. TAP; a server that cannot be had is skipped, saying so."""

import contextlib
import hashlib
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from proxy import Answers, Proxy  # noqa: E402
from servers import Servers  # noqa: E402

MIB = 1 << 20


class Result:
    def __init__(self, run, seconds):
        self.out, self.seconds, self.status = run.stdout, seconds, run.returncode
        self.err = run.stderr.decode(errors="replace")
        self.code = "" if run.returncode == 0 else self.err.split(":")[0]
        self.requests = int(re.search(r"(\d+) requests", self.err).group(1))

    @property
    def text(self):
        return self.out.decode().strip()


class Tool:
    """The tool with one URL and environment."""

    def __init__(self, program, url, environment, *options):
        self.program, self.url, self.options = program, url, options
        self.environment = {**os.environ, **environment}

    def __call__(self, *words, options=(), environment=None):
        begin = time.monotonic()
        run = subprocess.run([self.program, *self.options, *options, self.url, *map(str, words)],
                             env={**self.environment, **(environment or {})},
                             stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                             check=False)
        return Result(run, time.monotonic() - begin)

    def at(self, url):
        return Tool(self.program, url, self.environment, *self.options)

    def good(self, *words, **more):
        result = self(*words, **more)
        assert result.status == 0, f"{words}: {result.err}"
        return result

    def fails(self, code, *words, **more):
        result = self(*words, **more)
        assert result.code == code, f"{words}: '{result.err}', not {code}"
        return result


class Case:
    """What one kind of endpoint is tested with."""

    def __init__(self, kind, tool, files, scratch):
        self.kind, self.tool, self.files, self.scratch = kind, tool, Path(files), scratch

    def file(self, size, seed=1):
        path = self.scratch / f"file-{size}-{seed}"
        path.write_bytes(random.Random(seed).randbytes(size))
        return path

    def leftovers(self):
        return [str(p) for p in self.files.rglob("*mlops-tmp-*")] if self.files.exists() else []


# The contract: each of these holds for each kind.

def contract_small_files(case):
    tool = case.tool
    tool.fails("not_found", "stat", "packs/a")
    tool.fails("not_found", "cat", "packs/a", 100)
    assert tool.good("list", "packs").out == b""
    assert tool.good("list", "").out == b""
    tool.good("put-bytes", "packs/below/a", "hello", "new")
    assert tool.good("cat", "packs/below/a", 5).out == b"hello"
    tool.fails("invalid", "cat", "packs/below/a", 4)
    assert tool.good("stat", "packs/below/a").text.split()[0] == "5"
    tool.fails("exists", "put-bytes", "packs/below/a", "other", "new")
    assert tool.good("cat", "packs/below/a", 5).out == b"hello"
    tool.good("put-bytes", "packs/below/a", "other!")
    assert tool.good("cat", "packs/below/a", 9).out == b"other!"
    tool.good("delete", "packs/below/a")
    tool.fails("not_found", "stat", "packs/below/a")
    tool.good("delete", "packs/below/a")
    tool.good("delete", "never/was")
    assert not case.leftovers()


def contract_empty_file(case):
    tool = case.tool
    tool.good("put-bytes", "empty", "", "new")
    assert tool.good("cat", "empty", 0).out == b""
    assert tool.good("stat", "empty").text.split()[0] == "0"
    assert tool.good("get", "empty", 0, "-").out == b""
    tool.fails("exists", "put-bytes", "empty", "", "new")
    tool.fails("network", "get", "empty", 0, 1)


def contract_ranges(case):
    tool = case.tool
    bytes_ = case.file(300000).read_bytes()
    tool.good("put", "ranges", case.file(300000))
    for offset, length in ((0, 1), (0, 300000), (299999, 1), (65535, 2), (123456, 100001), (7, 0)):
        got = tool.good("get", "ranges", offset, length).out
        assert got == bytes_[offset:offset + length], (offset, length, len(got))
    assert tool.good("get", "ranges", 299000, "-").out == bytes_[299000:]
    assert tool.good("get", "ranges", 300000, "-").out == b""
    result = tool.fails("network", "get", "ranges", 299999, 2)
    assert "fewer" in result.err and len(result.out) <= 1
    tool.fails("network", "get", "ranges", 300000, 1)
    tool.fails("not_found", "get", "ranges-not", 0, 1)


def contract_lists(case):
    tool = case.tool
    names = sorted(f"{hashlib.sha256(bytes([i])).hexdigest()[:16]}.pack" for i in range(30))
    for i, name in enumerate(names):
        tool.good("put-bytes", f"index/{name}", "x" * i)
    tool.good("put-bytes", "index/below/other", "y")
    lines = tool.good("list", "index").text.splitlines()
    assert [line.split()[0] for line in lines] == names, lines
    assert [int(line.split()[1]) for line in lines] == list(range(30)), lines
    assert tool.good("list", "index").requests == 1


def contract_large_file(case):
    tool, size = case.tool, 24 * MIB + 7
    path, got = case.file(size), case.scratch / "got"
    tool.good("put", "large/file", path, "new")
    assert tool.good("stat", "large/file").text.split()[0] == str(size)
    tool.good("download", "large/file", got)
    assert got.read_bytes() == path.read_bytes()
    tool.fails("exists", "put", "large/file", case.file(size, 2), "new")
    tool.good("put", "large/file", case.file(size, 2))
    tool.good("download", "large/file", got)
    assert got.read_bytes() == case.file(size, 2).read_bytes()
    assert not case.leftovers()


def contract_unchanged(case):
    tool, got = case.tool, case.scratch / "got"
    tool.good("put-bytes", "etag", "one")
    facts = tool.good("download", "etag", got).text.split()
    assert facts[0] == "3" and got.read_bytes() == b"one"
    if len(facts) < 3:
        return # a kind without ETags
    assert tool.good("download", "etag", got, facts[2]).text.endswith("same")
    assert got.read_bytes() == b""
    time.sleep(1.1) # nginx makes ETags of seconds and sizes
    tool.good("put-bytes", "etag", "two!")
    assert not tool.good("download", "etag", got, facts[2]).text.endswith("same")
    assert got.read_bytes() == b"two!"


def contract_race(case):
    tool = case.tool
    for round_ in range(5):
        winners = tool.good("race", f"race-{round_}", 8, 5000).text
        assert len(winners) == 1, winners
        assert tool.good("cat", f"race-{round_}", 5000).text == winners * 5000
    # And of eight processes.
    results = []
    threads = [threading.Thread(target=lambda i=i: results.append(
        (i, tool("put-bytes", "race-p", f"process {i}", "new")))) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [i for i, result in results if result.status == 0]
    assert len(won) == 1, results
    assert all(result.code in ("", "exists") for _, result in results)
    assert tool.good("cat", "race-p", 20).text == f"process {won[0]}"
    assert not case.leftovers()


def contract_url_of_a_file(case):
    tool, got = case.tool, case.scratch / "got"
    tool.good("put-bytes", "single.csv", "a,b\n1,2\n")
    one = tool.at(tool.url + "/single.csv")
    assert one.good("stat", "").text.split()[0] == "8"
    assert one.good("download", "", got).text.split()[0] == "8"
    assert got.read_bytes() == b"a,b\n1,2\n"
    assert one.good("get", "", 4, 3).out == b"1,2"


def contract_names(case):
    for name in ("..", "a/../b", "/a", "a b", "a\\b", "a\r\nX: y", "a?b", "é"):
        case.tool.fails("usage", "stat", name)
        case.tool.fails("usage", "put-bytes", name, "x")


def contract_stop(case):
    if case.kind != "folder":
        result = case.tool("put", "stopped", case.file(24 * MIB + 7),
                           options=("--stop-after", "0.000001"))
        assert result.code == "cancelled", result.err
    case.tool.fails("not_found", "stat", "stopped")


# What may go wrong on the way: over a proxy in front of the real server.

def through(case, proxy):
    """The tool, with the proxy's port instead of the server's."""
    if case.kind == "s3":
        return Tool(case.tool.program, case.tool.url,
                    {**case.tool.environment, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.port}"},
                    *case.tool.options)
    url = re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{proxy.port}", case.tool.url)
    return case.tool.at(url)


def port_of(case):
    url = case.tool.environment["AWS_ENDPOINT_URL"] if case.kind == "s3" else case.tool.url
    return int(re.search(r"127\.0\.0\.1:(\d+)", url).group(1))


def known_hosts(case, port):
    """sshd's key under the proxy's port as well."""
    if case.kind != "sftp":
        return ()
    line = (Path(case.tool.environment["HOME"]) / ".ssh/known_hosts").read_text().split()
    path = case.scratch / "known_hosts"
    path.write_text(f"[127.0.0.1]:{port} {line[1]} {line[2]}\n")
    return ("--known-hosts", str(path))


def broken_download(case):
    size, got = 24 * MIB + 7, case.scratch / "got"
    case.tool.good("put", "broken", case.file(size))
    with Proxy(port_of(case), [5 * MIB, 7 * MIB, 100, None]) as proxy:
        tool = through(case, proxy)
        result = tool.good("download", "broken", got, options=known_hosts(case, proxy.port))
        assert got.read_bytes() == case.file(size).read_bytes()
        assert proxy.connections == 4 and result.requests == 4, (proxy.connections, result.err)
    with Proxy(port_of(case), [MIB, 100, 100]) as proxy:
        result = through(case, proxy).fails("network", "download", "broken", got,
                                            options=("--retries", "2",
                                                     *known_hosts(case, proxy.port)))


def broken_upload(case):
    size = 24 * MIB + 7
    with Proxy(port_of(case), [("up", 9 * MIB), None]) as proxy:
        options = known_hosts(case, proxy.port)
        through(case, proxy).good("put", "broken-up", case.file(size), options=options)
    got = case.scratch / "got"
    case.tool.good("download", "broken-up", got)
    assert got.read_bytes() == case.file(size).read_bytes()
    # Given up: nothing is there under the name.
    with Proxy(port_of(case), [("up", 9 * MIB), ("up", 1), ("up", 1)]) as proxy:
        options = ("--retries", "1", *known_hosts(case, proxy.port))
        through(case, proxy).fails("network", "put", "given-up", case.file(size), options=options)
    case.tool.fails("not_found", "stat", "given-up")


def slow_server(case):
    with Proxy(port_of(case), ["stall"]) as proxy:
        result = through(case, proxy).fails(
            "network", "stat", "slow",
            options=("--retries", "1", "--timeout", "0.7", *known_hosts(case, proxy.port)))
        assert 1.3 < result.seconds < 8, result.seconds
        result = through(case, proxy).fails(
            "cancelled", "stat", "slow",
            options=("--stop-after", "0.5", *known_hosts(case, proxy.port)))
        assert result.seconds < 4, result.seconds


def nobody_there(case):
    with Proxy(port_of(case), [None]) as proxy:
        pass # its port is free now
    result = through(case, proxy).fails("network", "stat", "a", options=("--retries", "2"))
    assert result.requests == 3


# S3 alone.

def s3_credentials(case):
    secret = case.tool.environment["AWS_SECRET_ACCESS_KEY"]
    wrong = {"AWS_SECRET_ACCESS_KEY": "not-the-secret-at-all"}
    result = case.tool.fails("network", "list", "packs", environment=wrong)
    assert "SignatureDoesNotMatch" in result.err and "AWS_ACCESS_KEY_ID" in result.err
    assert secret not in result.err and "not-the-secret" not in result.err
    result = case.tool.fails("network", "put-bytes", "x", "y",
                             environment={"AWS_ACCESS_KEY_ID": "nobody"})
    assert "hint" in result.err
    result = case.tool.fails("network", "list", "", environment={"AWS_ACCESS_KEY_ID": ""})
    assert "no credentials were found" in result.err
    result = case.tool.fails("network", "list", "",
                             environment={"MLOPS_TEST_CLOCK": "2020-01-01T00:00:00Z"})
    assert "clock" in result.err and result.requests == 1
    result = case.tool.at("s3://nobucket/x").fails("not_found", "list", "")
    assert "NoSuchBucket" in result.err


def s3_profile(case):
    folder = case.scratch / "aws"
    folder.mkdir(exist_ok=True)
    environment = case.tool.environment
    (folder / "credentials").write_text(
        "# mine\n[default]\naws_access_key_id = nobody\naws_secret_access_key = x\n\n"
        f"[work]\naws_access_key_id={environment['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key =   {environment['AWS_SECRET_ACCESS_KEY']}  \n")
    (folder / "config").write_text(
        f"[default]\nregion = nowhere\n[profile work]\nregion = us-east-1\n"
        f"endpoint_url = {environment['AWS_ENDPOINT_URL']}\ns3 =\n  region = nested\n")
    mine = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_REGION": "",
            "AWS_ENDPOINT_URL": "", "AWS_PROFILE": "work",
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
            "AWS_CONFIG_FILE": str(folder / "config")}
    case.tool.good("put-bytes", "profile", "x", environment=mine)
    assert case.tool.good("cat", "profile", 9, environment=mine).out == b"x"


def s3_tampered(case):
    """A body that changes on the way is not taken."""
    port = port_of(case)

    class Tampering(Proxy):
        @staticmethod
        def pump(source, to, limit):
            with contextlib.suppress(OSError):
                while bytes_ := source.recv(65536):
                    to.sendall(bytes_.replace(b"precious", b"tampered"))

    with Tampering(port, [None]) as proxy:
        result = through(case, proxy).fails("network", "put-bytes", "t", "precious")
        assert "XAmzContentSHA256Mismatch" in result.err, result.err
    case.tool.fails("not_found", "stat", "t")


def s3_resumed_parts(case):
    """Parts of a try that was given up are used; of other content they are not."""
    size, options = 24 * MIB + 7, ("--part-size", str(5 * MIB))
    whole = case.tool.good("put", "whole", case.file(size), options=options).requests
    with Proxy(port_of(case), [None, None, None, ("up", 100000)]) as proxy:
        # The fourth connection breaks, and all that follow.
        through(case, proxy).fails("network", "put", "resumed", case.file(size),
                                   options=(*options, "--retries", "1"))
    resumed = case.tool.good("put", "resumed", case.file(size), options=options).requests
    assert resumed < whole, (resumed, whole)
    got = case.scratch / "got"
    case.tool.good("download", "resumed", got)
    assert got.read_bytes() == case.file(size).read_bytes()
    with Proxy(port_of(case), [None, None, None, ("up", 100000)]) as proxy:
        through(case, proxy).fails("network", "put", "changed", case.file(size),
                                   options=(*options, "--retries", "1"))
    case.tool.good("put", "changed", case.file(size, 2), options=options)
    case.tool.good("download", "changed", got)
    assert got.read_bytes() == case.file(size, 2).read_bytes()


def s3_race_of_parts(case):
    size, options = 12 * MIB, ("--part-size", str(5 * MIB))
    for round_ in range(3):
        winners = case.tool.good("race", f"parts-{round_}", 4, size, options=options).text
        assert len(winners) == 1, winners
        got = case.tool.good("get", f"parts-{round_}", 0, "-").out
        assert got == winners.encode() * size


def s3_many(case):
    """More than one page."""
    folder = case.files / "many"
    folder.mkdir(parents=True)
    names = sorted(f"{i:05}.pack" for i in range(2345))
    for name in names:
        (folder / name).write_bytes(b"x")
    result = case.tool.good("list", "many")
    assert [line.split()[0] for line in result.text.splitlines()] == names
    assert result.requests == 3, result.requests


def s3_boto3(case):
    """Amazon's own client reads what we wrote, and the other way round; a signed URL is read."""
    try:
        import boto3 # pylint: disable=import-outside-toplevel
        from botocore.config import Config # pylint: disable=import-outside-toplevel
    except ImportError:
        return "this Python has no boto3"
    environment = case.tool.environment
    client = boto3.client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"],
                          aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
                          aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
                          region_name="us-east-1",
                          config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
    prefix = "remote/s3_boto3"
    path = case.file(13 * MIB)
    case.tool.good("put", "packs/a", path, "new", options=("--part-size", str(5 * MIB)))
    body = client.get_object(Bucket="bucket", Key=f"{prefix}/packs/a")["Body"].read()
    assert body == path.read_bytes()
    assert not client.list_multipart_uploads(Bucket="bucket", Prefix=prefix).get("Uploads")
    odd = "my file é+%2F&=?.csv"
    client.put_object(Bucket="bucket", Key=f"{prefix}/{odd}", Body=b"odd")
    assert case.tool.at(f"{case.tool.url}/{odd}").good("cat", "", 10).out == b"odd"
    client.put_object(Bucket="bucket", Key=f"{prefix}/packs/b", Body=b"theirs")
    assert case.tool.good("cat", "packs/b", 10).out == b"theirs"
    names = [line.split()[0] for line in case.tool.good("list", "packs").text.splitlines()]
    assert names == ["a", "b"], names
    url = client.generate_presigned_url(
        "get_object", Params={"Bucket": "bucket", "Key": f"{prefix}/packs/b"})
    assert case.tool.at(url).good("get", "", 0, "-").out == b"theirs"
    return None


# SFTP alone.

def sftp_hosts_and_keys(case):
    empty = case.scratch / "no_hosts"
    empty.write_text("")
    result = case.tool.fails("network", "list", "", options=("--known-hosts", empty))
    assert "is not in" in result.err and "fingerprint" in result.err
    result = case.tool.fails("network", "list", "",
                             options=("--known-hosts", case.scratch / "never"))
    assert "is not in" in result.err
    other = case.scratch / "other_key"
    if not other.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    key = Path(f"{other}.pub").read_text().split()
    changed = case.scratch / "changed_hosts"
    changed.write_text(f"[127.0.0.1]:{port_of(case)} {key[0]} {key[1]}\n")
    result = case.tool.fails("network", "list", "", options=("--known-hosts", changed))
    assert "is not the one" in result.err, result.err
    result = case.tool.fails("network", "list", "", options=("--identity", other))
    assert "lets nobody in" in result.err and result.requests == 1
    # A key that is not let in is no obstacle if the next one is.
    ssh = Path(case.tool.environment["HOME"]) / ".ssh"
    (ssh / "id_ed25519").rename(ssh / "id_ecdsa")
    (ssh / "id_ed25519.pub").rename(ssh / "id_ecdsa.pub")
    try:
        for name in ("", ".pub"):
            (ssh / f"id_ed25519{name}").write_bytes(Path(f"{other}{name}").read_bytes())
        (ssh / "id_ed25519").chmod(0o600)
        case.tool.good("list", "")
    finally:
        (ssh / "id_ecdsa").rename(ssh / "id_ed25519")
        (ssh / "id_ecdsa.pub").rename(ssh / "id_ed25519.pub")


# HTTP servers that answer badly.

def http_retries(case):
    bad = (503, {}, b"later"), (500, {}, b""), (429, {"Retry-After": "1"}, b"")
    with Answers(*bad, (200, {}, b"good")) as server:
        result = case.tool.at(server.url).good("cat", "a", 10)
        assert result.out == b"good" and result.requests == 4 and result.seconds > 1
    with Answers((503, {}, b"")) as server:
        result = case.tool.at(server.url).fails("network", "cat", "a", 10,
                                                options=("--retries", "2"))
        assert result.requests == 3 and "503" in result.err
    for status in (400, 403, 405, 409, 418):
        with Answers((status, {}, b"")) as server:
            result = case.tool.at(server.url).fails("network", "cat", "a", 10)
            assert result.requests == 1 and str(status) in result.err
    with Answers((410, {}, b"")) as server:
        case.tool.at(server.url).fails("not_found", "cat", "a", 10)


def http_truncated(case):
    whole = {"ETag": '"1"', "Accept-Ranges": "bytes"}
    part = {**whole, "Content-Range": "bytes 4-9/10"}
    cut = (200, {**whole, "Content-Length": "10", "Connection": "close"}, b"0123")
    with Answers(cut, (206, part, b"456789")) as server:
        assert case.tool.at(server.url).good("cat", "a", 10).out == b"0123456789"
        assert server.requests[1][2]["Range"] == "bytes=4-"
    # A server without ranges sends all of it again.
    with Answers(cut, (200, whole, b"0123456789")) as server:
        assert case.tool.at(server.url).good("cat", "a", 10).out == b"0123456789"
    # Another file meanwhile.
    for other in ((206, {**part, "ETag": '"2"'}, b"456789"),
                  (206, {**part, "Content-Range": "bytes 4-10/11"}, b"4567890")):
        with Answers(cut, other) as server:
            result = case.tool.at(server.url).fails("network", "cat", "a", 20)
            assert "changed" in result.err
    # Another range than was asked for.
    with Answers((206, {**whole, "Content-Range": "bytes 0-3/10"}, b"0123")) as server:
        result = case.tool.at(server.url).fails("network", "get", "a", 3, 4)
        assert "another range" in result.err and result.out == b""


def http_oversized(case):
    more = {"Content-Range": "bytes 2-9/10"}
    with Answers((206, more, b"23456789")) as server:
        assert case.tool.at(server.url).good("get", "a", 2, 3).out == b"234"
    with Answers((200, {}, b"x" * 100000)) as server:
        result = case.tool.at(server.url).fails("invalid", "cat", "a", 99999)
        assert result.out == b"" and result.requests == 1
        assert case.tool.at(server.url).good("get", "a", 0, 7).out == b"x" * 7
        assert case.tool.at(server.url).good("get", "a", 99998, 2).out == b"xx"
    # Of a refusal the beginning is enough.
    with Answers((404, {}, b"x" * 300000)) as server:
        case.tool.at(server.url).fails("not_found", "cat", "a", 10)


def http_redirects(case):
    token = {"MLOPS_HTTP_TOKEN": "very-secret"}
    with Answers((200, {}, b"there")) as other:
        to = {"Location": f"{other.url}/else"}
        with Answers((302, to, b"")) as server:
            result = case.tool.at(server.url).good("cat", "a", 10, environment=token)
            assert result.out == b"there"
            assert server.requests[0][2]["Authorization"] == "Bearer very-secret"
            assert "Authorization" not in other.requests[0][2], other.requests
            # What is written is never sent elsewhere.
            case.tool.at(server.url).fails("network", "put-bytes", "a", "b", environment=token)
            assert len(other.requests) == 1
    with Answers((302, {"Location": "/b"}, b""), (200, {}, b"same")) as server:
        assert case.tool.at(server.url).good("cat", "a", 10, environment=token).out == b"same"
        assert server.requests[1][1] == "/b"
        assert server.requests[1][2]["Authorization"] == "Bearer very-secret"
    with Answers((302, {"Location": "/again"}, b"")) as server:
        result = case.tool.at(server.url).fails("network", "cat", "a", 10)
        assert "without end" in result.err
    for bad in ("file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1:1/x"):
        with Answers((302, {"Location": bad}, b"")) as server:
            case.tool.at(server.url).fails("network", "cat", "a", 4000)


def http_logins(case):
    home = case.scratch / "netrc-home"
    home.mkdir(exist_ok=True)
    (home / ".netrc").write_text("machine 127.0.0.1 login me password hidden-word\n")
    with Answers((200, {}, b"x")) as server:
        case.tool.at(server.url).good("cat", "a", 10, environment={"HOME": str(home)})
        assert server.requests[0][2]["Authorization"].startswith("Basic ")
    with Answers((401, {"WWW-Authenticate": "Basic"}, b"")) as server:
        result = case.tool.at(server.url).fails("network", "cat", "a", 10,
                                                environment={"HOME": str(home)})
        assert "netrc" in result.err and "hidden-word" not in result.err
    result = case.tool.at("http://me:hidden-word@127.0.0.1/x").fails("usage", "stat", "a")
    assert "hidden-word" not in result.err
    with Answers((403, {}, b"")) as server:
        result = case.tool.at(f"{server.url}/f?signature=hidden-word").fails("network", "stat", "")
        assert "hidden-word" not in result.err
        assert server.requests[0][1] == "/f?signature=hidden-word"


def http_hostile_list(case):
    def entry(href, size="1"):
        return (f"<D:response><D:href>{href}</D:href><D:propstat><D:prop><D:getcontentlength>{size}"
                "</D:getcontentlength></D:prop></D:propstat></D:response>")

    def multistatus(*entries):
        return ('<?xml version="1.0"?><D:multistatus xmlns:D="DAV:">' + "".join(entries) +
                "</D:multistatus>").encode()

    hostile = multistatus(entry("/r/good"), entry("/r/../up"), entry("/r/a/b"), entry("/etc/passwd"),
                          entry("/r/%2e%2e"), entry("/r/a%2Fb"), entry("/r/a%00b"), entry("/r/"),
                          entry("/r/mlops-tmp-1"), entry("http://127.0.0.1/r/also", "-5"),
                          entry("/r/%0a"), entry(""))
    with Answers((207, {}, hostile)) as server:
        lines = case.tool.at(server.url + "/r").good("list", "").text.splitlines()
        assert [line.split()[:2] for line in lines] == [["also", "-"], ["good", "1"]], lines
    bomb = (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
            b"<x>&b;</x>")
    for body in (bomb, b"no xml", b"", b"<a>" * 100, b"<a><b></a>",
                 multistatus(entry("/r/" + "a" * 70000))):
        with Answers((207, {}, body)) as server:
            case.tool.at(server.url + "/r").fails("network", "list", "")


def http_plain(case):
    case.tool.good("put-bytes", "plain", "to be read")
    tool = case.tool.at(case.plain)
    assert tool.good("cat", "plain", 100).out == b"to be read"
    assert "no WebDAV" in tool.fails("unsupported", "list", "").err
    assert "no WebDAV" in tool.fails("unsupported", "put-bytes", "x", "y").err
    assert "no WebDAV" in tool.fails("unsupported", "delete", "plain").err


CONTRACT = [value for name, value in globals().items() if name.startswith("contract_")]
FAULTS = [broken_download, broken_upload, slow_server, nobody_there]
OF_KIND = {
    "folder": [],
    "s3": FAULTS + [s3_credentials, s3_profile, s3_tampered, s3_resumed_parts, s3_race_of_parts,
                    s3_many, s3_boto3],
    "sftp": FAULTS + [sftp_hosts_and_keys],
    "webdav": FAULTS + [http_retries, http_truncated, http_oversized, http_redirects, http_logins,
                        http_hostile_list, http_plain],
}


def main():
    program, only = os.path.abspath(sys.argv[1]), sys.argv[2:]
    number = failed = 0
    with Servers(("s3", "webdav", "http", "sftp")) as servers, \
            tempfile.TemporaryDirectory(prefix="mlops-endpoints-") as scratch:
        environment = {**servers.environment, "MLOPS_HTTP_TOKEN": "", "MLOPS_FSYNC": "0"}
        for kind, own in OF_KIND.items():
            url = environment.get(f"MLOPS_TEST_{kind.upper()}_URL")
            files = environment.get(f"MLOPS_TEST_{kind.upper()}_FILES")
            if kind == "folder":
                url = files = f"{scratch}/remote/of mine"
            for test in CONTRACT + own:
                title = f"{kind}: {test.__name__}"
                if only and not any(word in title for word in only):
                    continue
                number += 1
                if not url:
                    print(f"ok {number} - {title} # SKIP {servers.missing[kind]}", flush=True)
                    continue
                own_folder = Path(scratch) / f"{kind}-{test.__name__}"
                own_folder.mkdir()
                # A remote of its own, so that the tests do not see each other's files.
                case = Case(kind, Tool(program, f"{url}/{test.__name__}", environment),
                            f"{files}/{test.__name__}", own_folder)
                if kind == "webdav":
                    case.plain = f"{environment['MLOPS_TEST_HTTP_URL']}/{test.__name__}"
                begin = time.monotonic()
                try:
                    skipped = test(case)
                    print(f"ok {number} - {title}" + (f" # SKIP {skipped}" if skipped else "") +
                          f"\n# {time.monotonic() - begin:.1f} s", flush=True)
                except Exception as why: # pylint: disable=broad-except
                    failed += 1
                    print(f"not ok {number} - {title}", flush=True)
                    text = f"{type(why).__name__}: {why}"
                    print("\n".join("# " + line for line in text.splitlines()), flush=True)
                    trace = why.__traceback__
                    while trace:
                        print(f"#   line {trace.tb_lineno}")
                        trace = trace.tb_next
        print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
