for path in (
    "/proc/sysrq-trigger",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/vm/drop_caches",
    "/sys/kernel/uevent_helper",
    "/sys/fs/cgroup/memory/release_agent",
    "/sys/fs/cgroup/cgroup.procs",
    "/sys/power/state",
):
    must_fail(path, lambda: open(path, "w").write("1"))
for path in ("/proc/kcore", "/dev/mem", "/dev/kmsg", "/proc/keys"):
    must_fail(path, lambda: open(path, "rb").read(1) or False)

TRAINS
