#!/usr/bin/env python3
"""servers.py [KIND...] -- COMMAND...: runs a command with real servers on loopback.

Kinds: s3 (versitygw), webdav (nginx), http (the same files, read only) and sftp (OpenSSH's sshd).
For each that can be had the command finds its URL in MLOPS_TEST_S3_URL, MLOPS_TEST_WEBDAV_URL,
MLOPS_TEST_HTTP_URL, MLOPS_TEST_SFTP_URL, and where its files lie in MLOPS_TEST_S3_FILES and so on;
credentials are in the environment and in a HOME of its own. What cannot be had is said on stderr and
its variables are missing. Exits as the command does; 77 if none of the kinds asked for is there.

As a module: `with Servers(["s3"]) as servers: servers.environment`.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KINDS = ("s3", "webdav", "http", "sftp")
VERSITYGW = "versitygw-v1.8.0"


class Missing(Exception):
    """A server that cannot be had here, and why."""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def find_program(*names):
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    for name in names:
        found = name if os.path.isabs(name) and os.access(name, os.X_OK) else \
            shutil.which(name, path=path)
        if found:
            return found
    return None


class Servers:
    def __init__(self, kinds=KINDS):
        self.kinds, self.processes, self.missing = kinds, [], {}
        self.root = Path(tempfile.mkdtemp(prefix="mlops-servers-"))
        self.home = self.root / "home"
        self.home.mkdir()
        self.environment = {"HOME": str(self.home), "AWS_EC2_METADATA_DISABLED": "true"}

    def __enter__(self):
        for kind in self.kinds:
            try:
                getattr(self, "start_" + kind)()
            except Missing as why:
                self.missing[kind] = str(why)
                print(f"SKIP: {kind}: {why}", file=sys.stderr)
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    def run(self, command, port, log, **options):
        """Starts a server and waits until it accepts connections."""
        with open(self.root / log, "wb") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=output, start_new_session=True, **options)
        self.processes.append(process)
        until = time.monotonic() + 20
        while time.monotonic() < until and process.poll() is None:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    return process
            time.sleep(0.02)
        raise Missing("it does not start: " + (self.root / log).read_text(errors="replace")[-400:])

    def offer(self, kind, url, files):
        self.environment[f"MLOPS_TEST_{kind.upper()}_URL"] = url
        self.environment[f"MLOPS_TEST_{kind.upper()}_FILES"] = str(files)

    def start_s3(self):
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        program = find_program(os.environ.get("MLOPS_TEST_VERSITYGW") or
                               str(cache / "mlops-tests" / VERSITYGW), "versitygw")
        if not program:
            raise Missing("no versitygw: tests/peers/servers_setup builds it")
        data, metadata, port = self.root / "s3", self.root / "metadata-of-s3", free_port()
        (data / "bucket").mkdir(parents=True)
        metadata.mkdir()
        key, secret = "testkey12345", "testsecret12345"
        self.run([program, "--port", f"127.0.0.1:{port}", "posix", "--sidecar", str(metadata),
                  str(data)], port, "s3.log",
                 env={**os.environ, "ROOT_ACCESS_KEY": key, "ROOT_SECRET_KEY": secret})
        self.environment.update(AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret,
                                AWS_REGION="us-east-1",
                                AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
        self.offer("s3", "s3://bucket/remote", data / "bucket" / "remote")

    def start_webdav(self):
        program = find_program("nginx")
        module = next((p for p in ("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules")
                       if (Path(p) / "ngx_http_dav_ext_module.so").exists()), None)
        if not program or not module:
            raise Missing("no nginx with its WebDAV module (Debian: nginx-light, "
                          "libnginx-mod-http-dav-ext)")
        folder, port, plain = self.root / "nginx", free_port(), free_port()
        (folder / "data").mkdir(parents=True)
        user = "user root;" if os.getuid() == 0 else ""
        (folder / "n.conf").write_text(f"""
            load_module {module}/ngx_http_dav_ext_module.so;
            {user} pid n.pid; error_log err.log; daemon off; worker_processes 2; events {{}}
            http {{ access_log off; client_max_body_size 0; client_body_temp_path tmp;
              proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
              server {{ listen 127.0.0.1:{port}; root data;
                location / {{ dav_methods PUT DELETE MKCOL COPY MOVE;
                  dav_ext_methods PROPFIND OPTIONS; }} }}
              server {{ listen 127.0.0.1:{plain}; root data; }} }}""")
        self.run([program, "-p", f"{folder}/", "-e", "err.log", "-c", "n.conf"], port, "nginx.log")
        self.plain = plain
        self.offer("webdav", f"http://127.0.0.1:{port}/remote", folder / "data" / "remote")

    def start_http(self):
        if "MLOPS_TEST_WEBDAV_URL" not in self.environment:
            self.start_webdav()
        self.offer("http", f"http://127.0.0.1:{self.plain}/remote",
                   self.environment["MLOPS_TEST_WEBDAV_FILES"])

    def start_sftp(self):
        program = find_program("sshd")
        server = next((p for p in ("/usr/lib/openssh/sftp-server", "/usr/libexec/sftp-server",
                                   "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server")
                       if os.access(p, os.X_OK)), None)
        keygen = find_program("ssh-keygen")
        if not program or not server or not keygen:
            raise Missing("no sshd, ssh-keygen and sftp-server (Debian: openssh-server)")
        folder, ssh, port = self.root / "sshd", self.home / ".ssh", free_port()
        folder.mkdir()
        ssh.mkdir(mode=0o700)
        if os.getuid() == 0: # where sshd gives up its rights
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        for key in (folder / "host", ssh / "id_ed25519"):
            subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        shutil.copy(ssh / "id_ed25519.pub", folder / "authorized")
        (folder / "authorized").chmod(0o600)
        host = (folder / "host.pub").read_text().split()
        (ssh / "known_hosts").write_text(f"[127.0.0.1]:{port} {host[0]} {host[1]}\n")
        (folder / "data").mkdir()
        self.run([program, "-D", "-e", "-f", "/dev/null", "-p", str(port),
                  "-o", "ListenAddress=127.0.0.1", "-h", str(folder / "host"),
                  "-o", f"AuthorizedKeysFile={folder}/authorized", "-o", "StrictModes=no",
                  "-o", "UsePAM=no", "-o", "PasswordAuthentication=no",
                  "-o", "PermitRootLogin=yes", "-o", f"PidFile={folder}/pid",
                  "-o", "MaxStartups=100", "-o", f"Subsystem=sftp {server}"], port, "sshd.log")
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True)
        self.offer("sftp", f"sftp://{user.stdout.strip()}@127.0.0.1:{port}{folder}/data/remote",
                   folder / "data" / "remote")


def main():
    if "--" not in sys.argv[1:]:
        sys.exit(__doc__)
    at = sys.argv.index("--")
    kinds, command = tuple(sys.argv[1:at]) or KINDS, sys.argv[at + 1:]
    with Servers(kinds) as servers:
        if len(servers.missing) == len(kinds):
            return 77
        return subprocess.run(command, env={**os.environ, **servers.environment},
                              check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
