"""Where memory cgroups may be made, read from folders of the test's own; and what a killed service leaves there."""

from pathlib import Path

import pytest

from learnflow.services.code_execution import run_folders
from learnflow.services.code_execution.memory_groups import NoGroups, find


def tree(tmp_path: Path, mount: str, own: str) -> Path:
    proc = tmp_path / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "self/mountinfo").write_text(f"30 25 0:26 / {mount}\n")
    (proc / "self/cgroup").write_text(own)
    return proc


def version_two(tmp_path: Path, controllers: str) -> tuple[Path, Path]:
    root = tmp_path / "cgroup"
    own = root / "user.slice"
    own.mkdir(parents=True)
    (own / "cgroup.controllers").write_text(controllers)
    (own / "cgroup.subtree_control").write_text("")
    return own, tree(tmp_path, f"{root} rw - cgroup2 cgroup2 rw,nsdelegate", "0::/user.slice\n")


def test_version_one_is_found_beneath_our_own(tmp_path: Path) -> None:
    root = tmp_path / "memory"
    (root / "ours").mkdir(parents=True)
    proc = tree(tmp_path, f"{root} rw - cgroup cgroup rw,memory", "4:memory:/ours\n3:cpuset:/\n0::/\n")
    found = find(proc=proc)
    assert (found.version, found.folder.parent) == (1, root / "ours")
    found.remove()
    assert list((root / "ours").iterdir()) == []


def test_version_two_has_its_memory_controller_passed_on(tmp_path: Path) -> None:
    own, proc = version_two(tmp_path, "cpu memory pids")
    found = find(proc=proc)
    assert (found.version, found.folder.parent) == (2, own)
    assert (own / "cgroup.subtree_control").read_text() == "+memory"


def test_a_version_two_without_memory_is_none(tmp_path: Path) -> None:
    _, proc = version_two(tmp_path, "hugetlb")
    with pytest.raises(NoGroups, match="no memory controller"):
        find(proc=proc)


def test_a_folder_that_is_not_ours_says_why(tmp_path: Path) -> None:
    with pytest.raises(NoGroups, match="No such file"):
        find(delegated=tmp_path / "not" / "there")


def test_an_engine_that_ends_leaves_another_of_its_process_its_groups(tmp_path: Path) -> None:
    ended, alive = find(delegated=tmp_path), find(delegated=tmp_path)
    (ended.folder / "1-1").mkdir()
    (alive.folder / "1-1").mkdir()
    ended.remove()
    assert not ended.folder.exists()
    assert (alive.folder / "1-1").exists()


def test_what_a_killed_service_left_is_removed(tmp_path: Path) -> None:
    stale = tmp_path / "learnflow-sandbox-999999999-2"
    (stale / "1-1").mkdir(parents=True)
    found = find(delegated=tmp_path)
    assert not stale.exists()
    assert found.folder.exists()


def test_folders_of_a_service_that_was_killed_are_removed(tmp_path: Path) -> None:
    stale, other = tmp_path / "learnflow-zygote-999999999-x", tmp_path / "learnflow-zygote-y"
    (stale / "1").mkdir(parents=True)
    other.mkdir()
    link = tmp_path / "learnflow-zygote-999999998-z"
    link.symlink_to(other)
    living = Path(run_folders.make(tmp_path))
    run_folders.remove_stale(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([other, link, living])
