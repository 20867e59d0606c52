for path in (
    "/src/x",
    "/parent/x",
    "/etc/x",
    "/opt/harness/x",
    "/opt/venv/x",
    "/../x",
    "/trial/../x",
    "/proc/1/root/x",
    "/dev/x",
    "/run/x",
):
    must_fail(path, lambda: open(path, "w"))

TRAINS
