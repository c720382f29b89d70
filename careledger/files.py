"""Private files: only their owner can read them, and they are on the disk when a call returns."""

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from careledger.errors import InputError

MAX_BYTES = 64 * 2**20


def write_private(file: Path, content: bytes) -> None:
    """Write a file in place of what was there; a crash leaves the old one or the new one.

    The folder is made if it is missing. If two programs write at once, the file is a whole one of
    one of them, or this error is raised: callers who need more take a lock.

    Raises:
        InputError: it cannot be written; the old file is unchanged.

    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _sweep(file)

        partial = file.with_name(f"{file.name}.{secrets.token_hex(4)}.partial")
        _create(partial, content)
        try:
            partial.replace(file)
        except OSError:
            partial.unlink(missing_ok=True)
            raise

        _synchronise(file.parent)

    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from error


def write_new(file: Path, content: bytes) -> None:
    """Write a file that is not there yet.

    Raises:
        InputError: it is there already and is left as it is, or it cannot be written.

    """
    try:
        _create(file, content)
        _synchronise(file.parent)

    except FileExistsError as error:
        raise InputError(f"{file} is there already and is left as it is") from error
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from error


def _create(file: Path, content: bytes) -> None:
    """Write a new file through to the disk; none is left where that fails."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _sweep(file: Path) -> None:
    """Remove what a crash left half written: it may hold a key that was to be destroyed."""
    left_behind = re.compile(re.escape(file.name) + r"\.[0-9a-f]{8}\.partial")
    for other in file.parent.iterdir():
        if left_behind.fullmatch(other.name):
            other.unlink(missing_ok=True)


def _synchronise(folder: Path) -> None:
    """Put a folder's names on the disk, where the system lets a folder be opened at all."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_file(file: Path, what: str, at_most: int = MAX_BYTES) -> bytes:
    """Return a file's content.

    Args:
        what: for the sentence that says what was wrong: `the {what} file …`.
        at_most: bytes.

    Raises:
        InputError: it cannot be read, or is longer.

    """
    try:
        with file.open("rb") as stream:
            content = stream.read(at_most + 1)
    except OSError as error:
        raise InputError(f"the {what} file {file} cannot be read: {error.strerror}") from error

    if len(content) > at_most:
        raise InputError(f"the {what} file {file} is longer than {at_most:,} bytes")
    return content
