"""A build begins in a folder that holds its recipe and nothing else, and leaves none."""

from __future__ import annotations

import stat
from pathlib import Path

from image_build_folder import renew


def test_what_an_interrupted_build_left_is_gone(tmp_path: Path):
    folder = tmp_path / "build"
    (folder / "root" / "usr").mkdir(parents=True)
    (folder / "rootfs.tar").touch()
    renew(str(folder), {"step": "#!/bin/sh\n"})
    assert [path.name for path in folder.iterdir()] == ["step"]


def test_the_recipe_is_there_word_for_word_and_for_root_alone(tmp_path: Path):
    folder = tmp_path / "build"
    renew(str(folder), {"step": "#!/bin/sh\necho 'ä'\n\n"})
    assert (folder / "step").read_text(encoding="utf-8") == "#!/bin/sh\necho 'ä'\n\n"
    assert stat.S_IMODE((folder / "step").stat().st_mode) == stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_without_files_the_folder_is_removed_and_may_be_gone_already(tmp_path: Path):
    folder = tmp_path / "build"
    folder.mkdir()
    renew(str(folder), {})
    renew(str(folder), {})
    assert not folder.exists()
