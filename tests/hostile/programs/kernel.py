"""The kernel's surface: calls that no program of a student's needs, each asked for by its number."""

from tests.hostile.programs.hostile import ERROR, KILLED, OK, TIMEOUT, family

kernel = family("kernel")

CALLS: dict[str, tuple[int, int, str]] = {  # numbers on x86-64 and aarch64 (-1: not there), arguments
    "acct": (163, 89, "b'acct'"),
    "add_key": (248, 217, "b'user', b'a', b'x', 1, -3"),
    "adjtimex": (159, 171, "b'1' * 208"),
    "bpf": (321, 280, "0, 0, 0"),
    "capset": (126, 91, "0, 0"),
    "chroot": (161, 51, "b'.'"),
    "clock_adjtime": (305, 266, "0, b'1' * 208"),
    "clock_settime": (227, 112, "0, b'0' * 16"),
    "delete_module": (176, 106, "b'x', 0"),
    "execveat": (322, 281, "-100, b'/bin/true', 0, 0, 0"),
    "fanotify_init": (300, 262, "0, 0"),
    "finit_module": (313, 273, "0, b'', 0"),
    "flock": (73, 32, "0, 2"),
    "fsconfig": (431, 431, "0, 0, 0, 0, 0"),
    "fsmount": (432, 432, "0, 0, 0"),
    "fsopen": (430, 430, "b'tmpfs', 0"),
    "fspick": (433, 433, "-100, b'.', 0"),
    "init_module": (175, 105, "b'x', 1, b''"),
    "inotify_init1": (294, 26, "0"),
    "io_setup": (206, 0, "1, b'0' * 8"),
    "io_uring_setup": (425, 425, "1, b'\\0' * 120"),
    "ioperm": (173, -1, "0, 1, 1"),
    "iopl": (172, -1, "3"),
    "ioprio_set": (251, 30, "1, 0, 1 << 13"),
    "kcmp": (312, 272, "1, 1, 0, 0, 0"),
    "kexec_load": (246, 104, "0, 0, 0, 0"),
    "keyctl": (250, 219, "0, -3, 0"),
    "landlock": (444, 444, "0, 0, 1"),
    "mbind": (237, 235, "0, 0, 0, 0, 0, 0"),
    "memfd_create": (319, 279, "b'x', 0"),
    "memfd_secret": (447, 447, "0"),
    "migrate_pages": (256, 238, "0, 0, 0, 0"),
    "modify_ldt": (154, -1, "0, b'0' * 16, 16"),
    "mount": (165, 40, "b'none', b'.', b'tmpfs', 0, 0"),
    "mount_setattr": (442, 442, "-100, b'.', 0, 0, 0"),
    "move_mount": (429, 429, "-100, b'.', -100, b'.', 0"),
    "move_pages": (279, 239, "0, 0, 0, 0, 0, 0"),
    "mq_open": (240, 180, "b'x', 0o102, 0o666, 0"),
    "msgget": (68, 186, "0, 0o1666"),
    "name_to_handle_at": (303, 264, "-100, b'main.py', b'\\x80' + b'\\0' * 200, b'0' * 8, 0"),
    "open_by_handle_at": (304, 265, "-100, b'\\0' * 64, 0"),
    "open_tree": (428, 428, "-100, b'.', 0"),
    "perf_event_open": (298, 241, "b'\\0' * 120, 0, -1, -1, 0"),
    "personality": (135, 92, "0x0040000"),
    "pidfd_getfd": (438, 438, "0, 0, 0"),
    "pidfd_open": (434, 434, "os.getpid(), 0"),
    "pidfd_send_signal": (424, 424, "0, 9, 0, 0"),
    "pivot_root": (155, 41, "b'.', b'.'"),
    "process_vm_readv": (310, 270, "1, 0, 0, 0, 0, 0"),
    "process_vm_writev": (311, 271, "1, 0, 0, 0, 0, 0"),
    "ptrace": (101, 117, "0, 0, 0, 0"),
    "quotactl": (179, 60, "0, 0, 0, 0"),
    "reboot": (169, 142, "0, 0, 0, 0"),
    "request_key": (249, 218, "b'user', b'a', b'', -3"),
    "sched_setattr": (314, 274, "0, b'\\x30' + b'\\0' * 60, 0"),
    "seccomp": (317, 277, "1, 0, 0"),
    "semget": (64, 190, "0, 1, 0o1666"),
    "sethostname": (170, 161, "b'x', 1"),
    "setdomainname": (171, 162, "b'x', 1"),
    "setns": (308, 268, "0, 0"),
    "settimeofday": (164, 170, "b'0' * 16, 0"),
    "shmget": (29, 194, "0, 4096, 0o1666"),
    "splice": (275, 76, "0, 0, 1, 0, 1, 0"),
    "swapon": (167, 224, "b'x', 0"),
    "syslog": (103, 116, "10, 0, 0"),
    "tee": (276, 77, "0, 1, 1, 0"),
    "umount2": (166, 39, "b'.', 2"),
    "unshare_user": (272, 97, "0x10000000"),
    "unshare_mounts": (272, 97, "0x00020000"),
    "unshare_network": (272, 97, "0x40000000"),
    "unshare_files": (272, 97, "0x00000400"),
    "userfaultfd": (323, 282, "1"),
    "vhangup": (153, 58, ""),
    "vmsplice": (278, 75, "1, 0, 0, 0"),
    "clone_user": (56, 220, "0x10000011, 0, 0, 0, 0"),
    "clone_processes": (56, 220, "0x20000011, 0, 0, 0, 0"),
    "clone_mounts": (56, 220, "0x00020011, 0, 0, 0, 0"),
    "clone_time": (56, 220, "0x00000091, 0, 0, 0, 0"),
    "clone3": (435, 435, "b'\\0' * 64, 64"),
    "put_characters": (16, 29, "0, 0x5412, b'x'"),
    "take_the_terminal": (16, 29, "0, 0x540E, 1"),
    "console": (16, 29, "0, 0x541C, b'x'"),
    "owner_of_a_descriptor": (72, 25, "0, 8, 1"),
    "signal_of_a_descriptor": (72, 25, "0, 10, 9"),
    "size_of_a_pipe": (72, 25, "1, 1031, 1 << 20"),
    "name_of_its_program": (157, 167, "35, 13, 0, 0, 0"),
    "speculation": (157, 167, "53, 0, 0, 0, 0"),
    "ambient_rights": (157, 167, "47, 2, 21, 0, 0"),
    "limit_of_the_parent": (302, 261, "1, 0, b'\\0' * 16, 0"),
    "option_of_a_socket": (54, 208, "0, 1, 32, b'x' * 4, 4"),
}
CALL = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
number = {x86} if os.uname().machine == 'x86_64' else {arm}
if number < 0:
    print('refused: not on this machine')
else:
    given = [ctypes.c_long(a) if isinstance(a, int) else ctypes.c_char_p(a) for a in ({arguments})]
    result = libc.syscall(ctypes.c_long(number), *given)
    print('refused' if result == -1 and ctypes.get_errno() in (1, 38) else f'ESCAPED {{result}} {{ctypes.get_errno()}}')
"""
MACHINE_CODE = """
import ctypes, mmap, os
if os.uname().machine != 'x86_64':
    os.kill(os.getpid(), 9)
page = mmap.mmap(-1, 4096, prot=7)
page.write(bytes.fromhex('{code}'))
run = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
print('ESCAPED', run())
"""
TIMERS = """
import ctypes
libc, timer, count = ctypes.CDLL(None), ctypes.c_void_p(), 0
while count < 5000 and libc.timer_create(0, None, ctypes.byref(timer)) == 0: count += 1
print('refused' if count <= 256 else f'ESCAPED {count}')
"""
FLUSHES = """
import os
shared = os.open(os.__file__, os.O_RDONLY)
for _ in range(100_000): os.fsync(shared), os.posix_fadvise(shared, 0, 0, os.POSIX_FADV_DONTNEED)
print('end')
"""
GETPID_OF_X32 = "48c7c027000040 0f05 c3"
GETPID_OF_32_BITS = "b814000000 cd80 c3"
SOCKET_OF_32_BITS = "b867010000 bb02000000 b901000000 ba00000000 cd80 c3"

PROGRAMS = [
    *(
        kernel(
            f"call_{name}", CALL.format(x86=x86, arm=arm, arguments=arguments and arguments + ","), OK, says="refused"
        )
        for name, (x86, arm, arguments) in CALLS.items()
    ),
    kernel("many_timers", TIMERS, OK, says="refused"),
    kernel("flushes_a_shared_file", FLUSHES, OK, TIMEOUT),
    kernel("x32", MACHINE_CODE.format(code=GETPID_OF_X32), KILLED, ERROR),
    kernel("int_0x80", MACHINE_CODE.format(code=GETPID_OF_32_BITS), KILLED, ERROR),
    kernel("socket_of_32_bits", MACHINE_CODE.format(code=SOCKET_OF_32_BITS), KILLED, ERROR),
    kernel("privileged_instruction", MACHINE_CODE.format(code="f4c3"), KILLED),
    kernel("single_step", MACHINE_CODE.format(code="9c 810c2400010000 9d 90 c3"), KILLED),
]
