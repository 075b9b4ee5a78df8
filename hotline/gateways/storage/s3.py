"""A storage in a bucket of a service that speaks S3: MinIO, Ceph, Huawei OBS, Alibaba OSS, AWS."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from hotline.gateways.storage.object_storage import CHUNK_BYTES, NoSuchObject, StorageUnavailable, check_key

NOT_FOUND = frozenset({"404", "NoSuchKey"})
# Seconds. Two tries of a request must be over before a worker's time limit for a delivery (45 seconds).
CONNECT_SECONDS, READ_SECONDS, TRIES = 3, 15, 2


@dataclass(frozen=True, slots=True)
class S3Options:
    """A bucket and the account that may use it. `endpoint` is scheme://host[:port]; empty: that of AWS in `region`.

    `addressing`: `path` puts the bucket into the path (MinIO, Ceph), `virtual` before the host (OBS, OSS).
    """

    bucket: str
    access_key: str
    secret_key: str = field(repr=False)
    prefix: str = ""
    endpoint: str = ""
    region: str = "us-east-1"
    addressing: Literal["path", "virtual"] = "path"


class S3Storage:
    """Keeps each object in the bucket, its key behind the prefix. No connection is opened before the first request."""

    def __init__(self, options: S3Options) -> None:
        self._bucket = options.bucket
        self._prefix = f"{options.prefix}/" if options.prefix else ""
        self._client: Any = Session().client(
            "s3",
            endpoint_url=options.endpoint or None,
            region_name=options.region,
            aws_access_key_id=options.access_key,
            aws_secret_access_key=options.secret_key,
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"total_max_attempts": TRIES, "mode": "standard"},
                signature_version="s3v4",
                s3={"addressing_style": options.addressing},
                # Services other than AWS refuse the checksums in trailers that the library sends otherwise.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def put(self, key: str, data: bytes) -> None:
        with _translated_errors(key):
            self._client.put_object(**self._address(key), Body=data)

    def size(self, key: str) -> int:
        try:
            with _translated_errors(key):
                return int(self._client.head_object(**self._address(key))["ContentLength"])
        except NoSuchObject:
            # The answer to this request has no body that would tell a missing object from a missing bucket.
            with _translated_errors(key, not_found=frozenset()):
                self._client.head_bucket(Bucket=self._bucket)
            raise

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        end = "" if length is None else start + length - 1
        part = {} if start == 0 and length is None else {"Range": f"bytes={start}-{end}"}
        with _translated_errors(key):
            body = self._client.get_object(**self._address(key), **part)["Body"]
        return _chunks(key, body)

    def delete(self, key: str) -> None:
        with _translated_errors(key):
            self._client.delete_object(**self._address(key))

    def _address(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + check_key(key)}


def _chunks(key: str, body: Any) -> Iterator[bytes]:
    with closing(body), _translated_errors(key):
        yield from body.iter_chunks(CHUNK_BYTES)


@contextmanager
def _translated_errors(key: str, not_found: frozenset[str] = NOT_FOUND) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        # The service's own words may name the account.
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in not_found:
            raise NoSuchObject(key) from None
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        raise StorageUnavailable(f"HTTP {status} {code}") from error
    except BotoCoreError as error:
        raise StorageUnavailable(f"{type(error).__name__}: {error}") from error
