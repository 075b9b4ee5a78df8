"""An S3 service on loopback: moto's server, which does not check signatures."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from moto.server import ThreadedMotoServer

from hotline.gateways.storage.s3 import S3Options

BUCKET = "city-sounds"


@contextmanager
def run_s3() -> Iterator[S3Options]:
    """Runs the service and yields a bucket of it; an object's key has the prefix `hotline`."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield S3Options(
            bucket=BUCKET,
            access_key="an-access-key",
            secret_key="a-secret-key",
            prefix="hotline",
            endpoint=f"http://{host}:{port}",
        )
    finally:
        server.stop()
