"""The contract of a storage of objects, run against the fake, a folder, and a bucket of an S3 service."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hotline.gateways.storage.folder import INCOMING, LEFTOVER_SECONDS, FolderStorage
from hotline.gateways.storage.object_storage import (
    CHUNK_BYTES,
    NoStorage,
    NoSuchObject,
    ObjectStorage,
    StorageUnavailable,
)
from hotline.gateways.storage.s3 import S3Options, S3Storage
from tests.fakes import MemoryStorage
from tests.ports import free_port
from tests.racing import at_once
from tests.s3_server import BUCKET, run_s3

KEY = "2026/12/01/7-0123456789abcdef"
SOUND = bytes(range(256)) * 600


@dataclass(frozen=True)
class Place:
    """A storage, the keys it holds, and the same storage while nothing is there that could answer."""

    storage: ObjectStorage
    keys: Callable[[], list[str]]
    away: ObjectStorage


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Options]:
    with run_s3() as options:
        client: Any = S3Storage(options)._client
        client.create_bucket(Bucket=options.bucket)
        yield options


# A client takes a quarter of a second to make.
@pytest.fixture(scope="session")
def buckets(s3: S3Options) -> tuple[S3Storage, S3Storage]:
    """A bucket, and the same one at an address where nothing listens."""
    return S3Storage(s3), S3Storage(replace(s3, endpoint=f"http://127.0.0.1:{free_port()}"))


def _bucket(storage: S3Storage, away: S3Storage) -> Place:
    def found() -> list[Any]:
        return storage._client.list_objects_v2(Bucket=BUCKET).get("Contents", [])

    for each in found():
        storage._client.delete_object(Bucket=BUCKET, Key=each["Key"])
    return Place(storage, lambda: sorted(each["Key"].removeprefix("hotline/") for each in found()), away)


def _folder(folder: Path) -> Place:
    storage = FolderStorage(folder, makes_folder=True)
    return Place(
        storage,
        lambda: sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()),
        FolderStorage(folder / "not" / "mounted"),
    )


@pytest.fixture(params=["fake", "folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "fake":
        fake = MemoryStorage()
        return Place(fake, lambda: sorted(fake.objects), NoStorage())
    if request.param == "folder":
        return _folder(tmp_path / "sounds")
    return _bucket(*request.getfixturevalue("buckets"))


@pytest.fixture
def storage(place: Place) -> ObjectStorage:
    return place.storage


def test_what_is_put_is_read_whole_and_has_its_size(storage: ObjectStorage) -> None:
    storage.put(KEY, SOUND)
    assert storage.size(KEY) == len(SOUND)
    chunks = list(storage.read(KEY))
    assert b"".join(chunks) == SOUND
    assert max(map(len, chunks)) <= CHUNK_BYTES


@pytest.mark.parametrize(
    ("start", "length"),
    [(0, 1), (5, 10), (0, None), (153_000, None), (10, 100_000), (153_599, 1), (0, 999_999)],
)
def test_a_part_is_read_by_its_first_byte_and_its_length(
    storage: ObjectStorage, start: int, length: int | None
) -> None:
    storage.put(KEY, SOUND)
    end = None if length is None else start + length
    assert b"".join(storage.read(KEY, start, length)) == SOUND[start:end]


def test_an_object_is_replaced_whole(place: Place) -> None:
    place.storage.put(KEY, SOUND)
    place.storage.put(KEY, b"short")
    assert b"".join(place.storage.read(KEY)) == b"short"
    assert place.keys() == [KEY]


def test_an_empty_object_is_an_object(storage: ObjectStorage) -> None:
    storage.put(KEY, b"")
    assert (storage.size(KEY), b"".join(storage.read(KEY))) == (0, b"")


def test_what_is_not_there_is_no_object(storage: ObjectStorage) -> None:
    storage.put(KEY, SOUND)
    for absent in ("2026/12/01/8", "2026/11/01/7", "2026/12", f"{KEY}/more"):
        with pytest.raises(NoSuchObject):
            storage.size(absent)
    with pytest.raises(NoSuchObject):
        storage.read("2026/12/01/8")


def test_what_is_deleted_is_gone_and_may_be_deleted_again(place: Place) -> None:
    place.storage.put(KEY, SOUND)
    for _ in range(2):
        place.storage.delete(KEY)
        assert place.keys() == []
    with pytest.raises(NoSuchObject):
        place.storage.read(KEY)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../up",
        "a/../../up",
        "a//b",
        "a/",
        ".hidden",
        "a/.b",
        "A",
        "a b",
        "a\n",
        "录音",
        "a\\b",
    ],
)
def test_a_key_that_could_lead_elsewhere_is_refused(place: Place, key: str) -> None:
    for use in (
        lambda: place.storage.put(key, b"x"),
        lambda: place.storage.size(key),
        lambda: place.storage.read(key),
        lambda: place.storage.delete(key),
    ):
        with pytest.raises(ValueError, match="a key has parts"):
            use()
    assert place.keys() == []


def test_writers_of_one_key_leave_one_of_their_objects(place: Place) -> None:
    sounds = [bytes([number]) * 100_000 for number in range(4)]
    results = at_once(*(partial(place.storage.put, KEY, sound) for sound in sounds))
    assert results == [None] * 4
    assert b"".join(place.storage.read(KEY)) in sounds
    assert place.keys() == [KEY]


def test_a_storage_that_is_away_says_so_and_never_that_nothing_is_there(place: Place) -> None:
    away = place.away
    for use in (
        lambda: away.put(KEY, b"x"),
        lambda: away.size(KEY),
        lambda: away.read(KEY),
        lambda: away.delete(KEY),
    ):
        with pytest.raises(StorageUnavailable):
            use()


def test_a_process_without_a_storage_says_so() -> None:
    for use in (
        lambda: NoStorage().put(KEY, b"x"),
        lambda: NoStorage().size(KEY),
        lambda: NoStorage().read(KEY),
        lambda: NoStorage().delete(KEY),
    ):
        with pytest.raises(StorageUnavailable, match="without a storage"):
            use()


def test_a_bucket_that_does_not_exist_is_a_storage_that_is_away(s3: S3Options) -> None:
    storage = S3Storage(replace(s3, bucket="another-bucket"))
    for use in (
        lambda: storage.put(KEY, b"x"),
        lambda: storage.size(KEY),
        lambda: storage.read(KEY),
        lambda: storage.delete(KEY),
    ):
        with pytest.raises(StorageUnavailable, match="404"):
            use()


def test_the_bucket_stands_before_the_host_where_the_service_needs_it(s3: S3Options) -> None:
    addresses = []
    for addressing in ("path", "virtual"):
        options = replace(s3, endpoint="https://oss-cn-beijing.example", addressing=addressing)  # type: ignore[arg-type]
        client: Any = S3Storage(options)._client
        addresses.append(client.generate_presigned_url("get_object", {"Bucket": s3.bucket, "Key": "k"}))
    assert addresses[0].startswith("https://oss-cn-beijing.example/city-sounds/k?")
    assert addresses[1].startswith("https://city-sounds.oss-cn-beijing.example/k?")


def test_no_message_holds_the_secret_of_the_bucket(s3: S3Options) -> None:
    assert s3.secret_key not in repr(s3)


def test_a_file_that_is_written_half_has_no_name(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "sounds", makes_folder=True)
    storage.put(KEY, SOUND)
    with pytest.raises(TypeError):
        storage.put(KEY, "no bytes")  # type: ignore[arg-type]
    assert b"".join(storage.read(KEY)) == SOUND
    assert list((tmp_path / "sounds" / INCOMING).iterdir()) == []


def test_what_a_killed_process_left_half_written_is_removed_later(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path, makes_folder=True)
    storage.put(KEY, SOUND)
    old, new = tmp_path / INCOMING / "old", tmp_path / INCOMING / "new"
    for path, age in ((old, LEFTOVER_SECONDS + 60), (new, 60)):
        path.write_bytes(b"half")
        written = path.stat().st_mtime - age
        os.utime(path, (written, written))
    storage.put(KEY, SOUND)
    assert (old.exists(), new.exists()) == (False, True)


def test_sound_in_a_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "sounds", makes_folder=True)
    storage.put(KEY, SOUND)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "sounds").rglob("*")}
    assert modes == {0o700, 0o600}


def test_a_folder_that_must_exist_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="No such file"):
        FolderStorage(tmp_path / "sounds").put(KEY, SOUND)
    assert not (tmp_path / "sounds").exists()
