import os
import stat

import pytest

from careledger import files
from careledger.errors import InputError
from careledger.files import read_file, write_new, write_private


def mode(file):
    return stat.S_IMODE(file.stat().st_mode)


@pytest.fixture
def full_disk(monkeypatch):
    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", fail)
    return monkeypatch


class TestWritePrivate:
    def test_a_file_that_cannot_be_written_is_one_sentence(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(InputError, match="cannot be written: "):
            write_private(tmp_path / "file" / "below", b"")

    def test_a_folder_in_its_place_stays_and_nothing_is_left_behind(self, tmp_path):
        (tmp_path / "there").mkdir()
        with pytest.raises(InputError, match="cannot be written"):
            write_private(tmp_path / "there", b"content")
        assert [path.name for path in tmp_path.iterdir()] == ["there"]

    def test_a_failure_leaves_the_old_file(self, tmp_path, full_disk):
        file = tmp_path / "file"
        file.write_bytes(b"old")
        with pytest.raises(InputError, match="No space left"):
            write_private(file, b"new")
        assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"old")]

    def test_what_a_crash_left_half_written_goes_with_the_next_writing(self, tmp_path):
        file, other = tmp_path / "a+b", tmp_path / "aab.00112233.partial"
        for left in (tmp_path / "a+b.00112233.partial", other):
            left.write_bytes(b"a key to be destroyed")
        write_private(file, b"new")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a+b", other.name]

    def test_only_the_owner_can_read_it_whatever_was_there_before(self, tmp_path):
        file = tmp_path / "new" / "folder" / "file"
        write_private(file, b"one")
        assert (file.read_bytes(), mode(file)) == (b"one", 0o600)
        file.chmod(0o644)
        write_private(file, b"two")
        assert (file.read_bytes(), mode(file)) == (b"two", 0o600)

    def test_a_link_is_replaced_not_followed(self, tmp_path):
        target, file = tmp_path / "target", tmp_path / "file"
        target.write_bytes(b"theirs")
        file.symlink_to(target)
        write_private(file, b"mine")
        assert (target.read_bytes(), file.read_bytes()) == (b"theirs", b"mine")


class TestWriteNew:
    def test_what_is_there_stays(self, tmp_path):
        file = tmp_path / "file"
        file.write_text("mine")
        with pytest.raises(InputError, match="left as it is"):
            write_new(file, b"yours")
        assert file.read_text() == "mine"

    def test_a_link_that_leads_nowhere_is_there_too(self, tmp_path):
        (tmp_path / "file").symlink_to(tmp_path / "target")
        with pytest.raises(InputError, match="left as it is"):
            write_new(tmp_path / "file", b"yours")
        assert not (tmp_path / "target").exists()

    def test_a_folder_that_is_not_there_is_said(self, tmp_path):
        with pytest.raises(InputError, match="cannot be written"):
            write_new(tmp_path / "none" / "file", b"content")

    def test_a_failure_leaves_none(self, tmp_path, full_disk):
        with pytest.raises(InputError, match="No space left"):
            write_new(tmp_path / "file", b"new")
        assert list(tmp_path.iterdir()) == []

    def test_only_the_owner_can_read_it(self, tmp_path):
        before = os.umask(0)
        try:
            write_new(tmp_path / "file", b"content")
        finally:
            os.umask(before)
        assert ((tmp_path / "file").read_bytes(), mode(tmp_path / "file")) == (b"content", 0o600)


class TestReadFile:
    def test_a_file_that_cannot_be_read_is_one_sentence(self, tmp_path):
        with pytest.raises(InputError, match=r"the receipt file .* cannot be read: No such file"):
            read_file(tmp_path / "nothing", "receipt")
        with pytest.raises(InputError, match="cannot be read"):
            read_file(tmp_path, "receipt")

    def test_a_file_that_is_too_long_is_refused(self, tmp_path):
        (tmp_path / "file").write_bytes(b"12345")
        assert read_file(tmp_path / "file", "receipt", 5) == b"12345"
        with pytest.raises(InputError, match="longer than 4 bytes"):
            read_file(tmp_path / "file", "receipt", 4)
