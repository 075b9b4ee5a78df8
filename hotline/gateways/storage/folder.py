"""A storage in a folder of the file system, which may be a network file system that several hosts share."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from hotline.gateways.storage.object_storage import CHUNK_BYTES, NoSuchObject, StorageUnavailable, check_key

# Files that are being written. No key begins with a dot. The folder also shows that this is the storage, and not the empty
# place where its file system should be mounted.
INCOMING = ".incoming"
# Seconds after which an unfinished file belongs to a process that was killed.
LEFTOVER_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class FolderStorage:
    """Keeps each object as a file below `folder`, which must exist unless `makes_folder`."""

    folder: Path
    makes_folder: bool = False

    def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        with _translated_errors():
            if self.makes_folder:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.folder / INCOMING).mkdir(mode=0o700, exist_ok=True)
            _make_folders(self.folder, path.parent)
            self._write(path, data)

    def size(self, key: str) -> int:
        with self._translated_absence(key):
            found = self._path(key).stat()
        if not stat.S_ISREG(found.st_mode):
            raise NoSuchObject(key)
        return found.st_size

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        with self._translated_absence(key):
            file = self._path(key).open("rb")
            file.seek(start)
        return _chunks(file, length)

    def delete(self, key: str) -> None:
        path = self._path(key)
        try:
            with self._translated_absence(key):
                path.unlink()
                _write_through(path.parent)
        except NoSuchObject:
            return

    def _path(self, key: str) -> Path:
        return self.folder.joinpath(*check_key(key).split("/"))

    def _write(self, path: Path, data: bytes) -> None:
        """Writes a file beside the others and gives it its name when all of it is on the disk."""
        with NamedTemporaryFile(dir=self.folder / INCOMING, delete=False) as file:
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                _remove_leftovers(self.folder / INCOMING, os.fstat(file.fileno()).st_mtime - LEFTOVER_SECONDS)
                Path(file.name).replace(path)
            except BaseException:
                with suppress(OSError):
                    Path(file.name).unlink()
                raise
        _write_through(path.parent)

    @contextmanager
    def _translated_absence(self, key: str) -> Iterator[None]:
        with _translated_errors():
            try:
                yield
            except (FileNotFoundError, NotADirectoryError):
                # Where the file system is not mounted nothing is known about the object.
                if not (self.folder / INCOMING).is_dir():
                    raise
                raise NoSuchObject(key) from None


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(f"{error.strerror or type(error).__name__}: {error.filename}") from error


def _chunks(file: BinaryIO, length: int | None) -> Iterator[bytes]:
    with file, _translated_errors():
        left = length
        while chunk := file.read(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left)):
            yield chunk
            left = None if left is None else left - len(chunk)


def _make_folders(top: Path, folder: Path) -> None:
    """Makes the folders from `top` down to `folder`, each of them on the disk when it is used."""
    for parent in (*reversed(folder.relative_to(top).parents), folder.relative_to(top)):
        path = top / parent
        if not path.is_dir():
            path.mkdir(mode=0o700, exist_ok=True)
            _write_through(path.parent)


def _write_through(folder: Path) -> None:
    """Waits until the names in `folder` are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_leftovers(incoming: Path, before: float) -> None:
    """Removes unfinished files that were last written before the moment `before` of the file system's clock."""
    for path in incoming.iterdir():
        # Another process may be quicker.
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()
