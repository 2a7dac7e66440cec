"""An object store of the script OBJECTSTORES (tests/objectstores), for scripts of this folder."""
import contextlib
import os
import random
import shlex
import socket
import subprocess
import sys
import tempfile

SCHEMES = {"minio": "s3", "versitygw": "s3", "azure": "azblob", "gcs": "gs"}
PORTS = {"minio": 0, "azure": 1, "gcs": 2, "versitygw": 3}  # behind PORT_BASE


def free_ports(count):
    """The first of that many free ports in a row."""
    while True:
        base = random.randrange(20000, 30000)
        with contextlib.ExitStack() as taken, contextlib.suppress(OSError):
            for port in range(base, base + count):
                taken.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return base


@contextlib.contextmanager
def running_store(name):
    """Starts that server; gives a function from a prefix to the `storage` section of
    kafka-backup's configuration."""
    script = os.environ.get("OBJECTSTORES")
    if not script:
        sys.exit("--store needs OBJECTSTORES, a script that starts object stores")
    with tempfile.TemporaryDirectory(prefix="object-store-") as folder:
        environment = {**os.environ, "RUN_DIR": folder, "PORT_BASE": str(free_ports(8))}

        def call(what):
            return subprocess.run([script, what, name], env=environment, check=True, text=True,
                                  stdout=subprocess.PIPE).stdout

        call("start")
        try:
            for word in shlex.split(call("env"), comments=True):
                key, is_pair, value = word.partition("=")
                if is_pair:
                    os.environ[key] = value
            os.environ.pop("STORAGE_EMULATOR_HOST", None)  # the endpoint is given
            port = int(environment["PORT_BASE"]) + PORTS[name]
            account = f"/{os.environ['AZURE_STORAGE_ACCOUNT']}" if name == "azure" else ""
            yield lambda prefix: (
                "storage:\n"
                f"  path: {SCHEMES[name]}://{os.environ['ODRADEK_TEST_BUCKET']}/{prefix}\n"
                f"  endpoint: http://127.0.0.1:{port}{account}\n"
                "  allow_http: true\n"
                f"  anonymous: {'true' if name == 'gcs' else 'false'}\n")
        finally:
            call("stop")
