libc = ctypes.CDLL(None, use_errno=True)
for what, call in {
    "mount": lambda: libc.mount(b"x", b"/trial", b"tmpfs", 0, 0),
    "unshare": lambda: libc.unshare(0x10000000),
    "chroot": lambda: libc.chroot(b"/trial"),
    "keyctl": lambda: libc.syscall(250, 0, -3, 1),
    "bpf": lambda: libc.syscall(321, 0, 0, 0),
    "userfaultfd": lambda: libc.syscall(323, 0),
    "setns": lambda: libc.setns(os.open("/proc/1/ns/mnt", 0), 0),
}.items():
    must_fail(what, lambda: call() != -1)
must_fail("mknod", lambda: os.mknod("/trial/sda", 0o60660, os.makedev(8, 0)))

TRAINS
