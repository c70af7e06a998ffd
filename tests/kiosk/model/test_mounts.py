from pathlib import PurePosixPath

import pytest

from kiosk.model.mounts import Disk, Mount, choose_removable, parse_mountinfo

MOUNTINFO = """\
22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw
23 22 0:21 / /proc rw,nosuid - proc proc rw
31 22 8:17 / /media/staff/USB\\040メモリ rw shared:5 - vfat /dev/sdb1 rw,utf8
nonsense
40 22 8:33 / /mnt/card rw - exfat /dev/sdc1 rw
41 22 8:2 /boot /boot rw - ext4 /dev/sda2 rw
42 22 0:55 / /media/staff/share rw - fuse.sshfs x rw
"""
DISKS = {
    "8:2": Disk("sda", removable=False),
    "8:17": Disk("sdb", removable=True),
    "8:33": Disk("sdc", removable=True),
}
ROOTS = (PurePosixPath("/media/staff"),)


def folders(disks: dict[str, Disk], roots: tuple[PurePosixPath, ...] = ROOTS) -> list[str]:
    chosen = choose_removable(parse_mountinfo(MOUNTINFO), disks.get, roots)
    return [str(folder) for folder in chosen]


def test_names_with_blanks_and_japanese_are_read() -> None:
    assert Mount("8:17", PurePosixPath("/media/staff/USB メモリ")) in parse_mountinfo(MOUNTINFO)


def test_line_that_is_no_mount_is_left_out() -> None:
    assert len(parse_mountinfo(MOUNTINFO)) == 6


@pytest.mark.parametrize("text", ["", "\n", "a b c", "1 2 3 4 5 6 7"])
def test_nothing_is_read_from_nothing(text: str) -> None:
    assert parse_mountinfo(text) == ()


def test_removable_disks_and_what_the_desktop_mounted_are_sticks() -> None:
    assert folders(DISKS) == ["/media/staff/USB メモリ", "/mnt/card", "/media/staff/share"]


def test_other_people_s_mounts_are_not_offered() -> None:
    assert "/media/staff/share" not in folders(DISKS, (PurePosixPath("/media/else"),))


def test_system_that_runs_from_a_stick_is_not_offered() -> None:
    assert folders(DISKS | {"8:2": Disk("sda", removable=True)}) == folders(DISKS)
