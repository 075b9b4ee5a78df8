"""The interface of a storage of objects: bytes under a key, written whole and read in parts.

Every implementation passes the same contract tests.
"""

import re
from collections.abc import Iterator
from typing import Protocol

# Bytes that a reader holds in memory at once.
CHUNK_BYTES = 64 * 1024
_KEY = re.compile(r"[a-z0-9][a-z0-9-]*(?:/[a-z0-9][a-z0-9-]*)*")


class StorageError(Exception):
    """Base class of failures of a storage."""


class NoSuchObject(StorageError):
    """Raised when the storage answers and has no object under the key, which is the argument."""


class StorageUnavailable(StorageError):
    """Raised when the storage does not answer or refuses; the argument is the reason, without credentials."""


class ObjectStorage(Protocol):
    """A storage of objects. Every method may raise StorageUnavailable, and ValueError for a malformed key."""

    def put(self, key: str, data: bytes) -> None:
        """Stores `data` under `key` in place of what was there. When this returns it is durable; a reader sees all or nothing."""
        ...

    def size(self, key: str) -> int:
        """Returns the number of bytes. Raises NoSuchObject."""
        ...

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Returns the bytes from `start`, at most `length`, in chunks. Raises NoSuchObject before the first chunk."""
        ...

    def delete(self, key: str) -> None:
        """Deletes the object. A key without an object is no error."""
        ...


def check_key(key: str) -> str:
    """Returns `key`: parts of small letters, digits and hyphens, joined by slashes. Raises ValueError for any other text."""
    if _KEY.fullmatch(key) is None:
        raise ValueError("a key has parts of small letters, digits and hyphens, joined by slashes")
    return key


class NoStorage:
    """Refuses everything: the storage of an application that handles no objects."""

    def put(self, key: str, data: bytes) -> None:  # noqa: ARG002 - the interface
        raise self._refusal()

    def size(self, key: str) -> int:  # noqa: ARG002 - the interface
        raise self._refusal()

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:  # noqa: ARG002 - the interface
        raise self._refusal()

    def delete(self, key: str) -> None:  # noqa: ARG002 - the interface
        raise self._refusal()

    @staticmethod
    def _refusal() -> StorageUnavailable:
        return StorageUnavailable("this process was started without a storage")
