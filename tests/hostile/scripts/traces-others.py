libc = ctypes.CDLL(None)
ATTACH, DETACH = 16, 17
for pid in (int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()):
    if libc.ptrace(ATTACH, pid, 0, 0) == 0:
        os.waitpid(pid, 0x40000000)
        must_fail(f"trace of {pid}", lambda: os.stat(f"/proc/{pid}").st_uid != os.getuid())
        libc.ptrace(DETACH, pid, 0, 0)

TRAINS
