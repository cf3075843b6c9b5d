"""Programs that read what is not theirs, write where nothing may be written, and leave traps for who collects."""

# ruff: noqa: E501 - a program on one line is read more easily than one cut in two

from pathlib import Path

import learnflow
from tests.hostile.programs.hostile import ERROR, KILLED, MEMORY, OK, TIMEOUT, family, refused

files = family("files")

SOURCE = str(Path(learnflow.__file__).parent)
READS = {
    "passwords": "open('/etc/passwd').read()",
    "shadow": "open('/etc/shadow').read()",
    "machine_id": "open('/etc/machine-id').read()",
    "environment": "open('/proc/self/environ').read()",
    "environment_of_the_first": "open('/proc/1/environ').read()",
    "environment_of_the_parent": "import os; open(f'/proc/{os.getppid()}/environ').read()",
    "own_memory": "open('/proc/self/mem', 'rb').read(1)",
    "own_maps": "open('/proc/self/maps').read()",
    "processes": "__import__('os').listdir('/proc')",
    "kernel_settings": "open('/proc/sys/kernel/core_pattern', 'w')",
    "trigger": "open('/proc/sysrq-trigger', 'w').write('x')",
    "root_listing": "__import__('os').listdir('/')",
    "etc_listing": "__import__('os').listdir('/etc')",
    "home_listing": "__import__('os').listdir('/root')",
    "tmp_of_the_host": "[n for n in __import__('os').listdir('/var/tmp')]",
    "above": "open('../../../../etc/hostname').read()",
    "walk_upwards": "import os\nfor _ in range(40): os.chdir('..')\nos.listdir('.')",
    "sys": "__import__('os').listdir('/sys')",
    "control_groups": "__import__('os').listdir('/sys/fs/cgroup')",
    "memory_of_the_machine": "open('/dev/mem', 'rb').read(1)",
    "devices": "__import__('os').listdir('/dev')",
    "terminal": "open('/dev/tty', 'w')",
    "disk": "open('/dev/vda', 'rb').read(1)",
    "fuse": "open('/dev/fuse', 'rb+')",
    "own_source": f"open({SOURCE + '/services/code_execution/app.py'!r}).read()",
    "listing_of_our_source": f"__import__('os').listdir({SOURCE!r})",
    "our_packages": "import pydantic",
    "through_a_link": "__import__('os').symlink('/etc/passwd', 'x') or open('x').read()",
    "through_a_link_to_a_folder": "__import__('os').symlink('/etc', 'd') or open('d/passwd').read()",
    "link_in_a_loop": "__import__('os').symlink('x', 'x') or open('x').read()",
    "hard_link": "__import__('os').link('/etc/passwd', 'x') or open('x').read()",
    "hard_link_to_the_library": "import os; os.link(os.__file__, 'x')",
    "device_node": "__import__('os').mknod('x', 0o20666, 0x103) or open('x').read()",
    "standard_library": "open(__import__('os').__file__, 'a').write('x')",
    "new_in_the_library": "import os; open(os.path.dirname(os.__file__) + '/evil.py', 'w')",
    "compiled_in_the_library": "import os; open(os.path.dirname(os.__file__) + '/__pycache__/evil.pyc', 'w')",
    "removes_the_library": "import os; os.unlink(os.__file__)",
    "renames_the_library": "import os; os.rename(os.__file__, os.__file__ + 'x')",
    "truncates_the_library": "import os; os.truncate(os.__file__, 0)",
    "rights_of_the_library": "import os; os.chmod(os.__file__, 0o777)",
    "times_of_the_library": "import os; os.utime(os.__file__, (0, 0))",
    "beside_the_scratch": "open('/x', 'w').write('x')",
    "writes_into_etc": "open('/etc/cron.d/x', 'w')",
    "writes_into_the_home": "open('/root/.profile', 'a')",
    "writes_to_a_listing_of_urandom": "__import__('os').unlink('/dev/urandom')",
    "change_of_root": "__import__('os').chroot('.')",
    "gives_away": "open('x', 'w'); __import__('os').chown('x', 0, 0)",
    "attribute": "open('x', 'w'); __import__('os').setxattr('x', 'user.a', b'b')",
    "unreadable_for_itself": "import os; open('x', 'w').write('s'); os.chmod('x', 0); open('x').read()",
    "lease": "import fcntl; fcntl.fcntl(open('x', 'w'), fcntl.F_SETLEASE, 1)",
    "notice": "import fcntl, os; fcntl.fcntl(os.open('.', 0), fcntl.F_NOTIFY, 1)",
    "open_file_lock": "import fcntl, os, struct; fcntl.fcntl(open(os.__file__), 37, struct.pack('hhqqi4x', 0, 0, 0, 0, 0))",
    "lock_on_shared_file": "import fcntl, os; fcntl.flock(open(os.__file__), fcntl.LOCK_EX)",
    "write_lock_on_shared_file": "import fcntl, os; fcntl.lockf(open(os.__file__), fcntl.LOCK_EX)",
    "seeks_past_the_end": "f = open('x', 'wb'); f.seek(1 << 60); f.write(b'x'); f.flush()",
    "name_too_long": "open('x' * 5000, 'w')",
    "many_descriptors": "kept = [open('main.py') for _ in range(200)]",
}
NOT_WITHOUT_ROOT = {"tmp_of_the_host", "devices", "walk_upwards", "unreadable_for_itself"}
OWN_REASONS = {"our_packages": ("ModuleNotFoundError",)}

DESCRIPTORS = """
import os, stat
found = []
for number in range(3, 256):
    try: found.append(os.fstat(number))
    except OSError: pass
print('open', len(found), 'files', sum(not stat.S_ISFIFO(f.st_mode) and not stat.S_ISSOCK(f.st_mode) for f in found))
"""
SPECIAL_BITS = """
import os
open('x', 'w').write('#!/bin/sh')
os.chmod('x', 0o6777)
os.execv('./x', ['x'])
"""
DEEP = "import os\nwhile True:\n    os.mkdir('d'); os.chdir('d')"
ODD_NAMES = """
import os
for name in (b'\\xff\\xfe', b'new\\nline', b'\\x1b[2J', b'-rf', b'a' * 255, b'..x', b' ', 'é\u202e'.encode()):
    with open(name, 'w') as file: file.write('ESC' + 'APED?' if 0 else 'x')
print('made')
"""
OUTPUT_TRAPS = """
import os
os.symlink('/etc', 'folder'); os.symlink('/etc/passwd', 'file.txt'); os.symlink('/dev/zero', 'zero.txt')
os.mkfifo('fifo.txt'); os.symlink('fifo.txt', 'to_fifo'); os.mkdir('closed'); open('closed/x.txt', 'w').write('x')
os.chmod('closed', 0)
print('set')
"""
SWAPS = """
import os
if os.fork() == 0:
    while True:
        for target in ('/etc/passwd', '/etc/shadow'):
            try: os.unlink('out.txt')
            except OSError: pass
            os.symlink(target, 'out.txt')
            os.unlink('out.txt')
            open('out.txt', 'w').write('x')
print('swapping')
"""
UNLINKED = """
import os
f = open('x', 'wb')
os.unlink('x')
for _ in range(64): f.write(bytes(1 << 20))
f.flush()
print('ESCAPED')
"""

ODD = [
    files("many_files", "for n in range(100000): open(f'{n}', 'w').close()", ERROR, alone=()),
    files("many_folders", "import os\nfor n in range(100000): os.mkdir(f'{n}')", ERROR, alone=()),
    files("many_links", "import os\nfor n in range(100000): os.symlink('x', f'{n}')", ERROR, alone=()),
    files("deep_tree", DEEP, ERROR, alone=()),
    files("space_of_unlinked_files", UNLINKED, ERROR, MEMORY, KILLED),
    files("output_is_a_link", "import os; os.symlink('/etc/passwd', 'out.txt')", OK, never="root:"),
    files("output_is_a_fifo", "import os; os.mkfifo('out.txt')", OK),
    files("output_unreadable", "import os; open('o', 'w').write('x'); os.chmod('o', 0)", OK),
    files("output_traps", OUTPUT_TRAPS, OK, never="root:", says="set"),
    files("output_that_changes", SWAPS, OK, alone=(ERROR,), never="root:"),
    files("output_without_end", "for n in range(500): open(f'{n}.txt', 'w').write('x' * 1000)", OK),
    files("odd_names", ODD_NAMES, OK, says="made"),
    files("scratch_unreadable", "import os; os.chmod('.', 0)", OK, ERROR),
    files(
        "scratch_removed", "import os, shutil; shutil.rmtree('.', ignore_errors=True); print('gone')", OK, says="gone"
    ),
    files(
        "scratch_swapped", "import os\nos.mkdir('a'); os.rename('a', 'b'); os.symlink('/etc', 'a')", OK, never="passwd"
    ),
    files("own_source_replaced", "open('main.py', 'w').write('x' * 1000); 1 / 0", ERROR, says="ZeroDivisionError"),
    files("leaked_descriptors", DESCRIPTORS, OK, says="files 0"),
    files("special_bits", SPECIAL_BITS, ERROR),
    files("fifo_without_writer", "import os; os.mkfifo('f'); open('f')", TIMEOUT),
]

PROGRAMS = [
    *(
        files(
            name,
            refused(code),
            ERROR,
            alone=() if name in NOT_WITHOUT_ROOT else None,
            raises=OWN_REASONS.get(name, ()),
        )
        for name, code in READS.items()
    ),
    *ODD,
]
