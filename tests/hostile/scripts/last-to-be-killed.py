def protect(pid, value):
    file = os.open(f"/proc/{pid}/oom_score_adj", os.O_WRONLY)
    return os.write(file, value)


must_fail("never killed", lambda: protect("self", b"-1000"))
for pid in os.listdir("/proc"):
    if pid.isdigit() and int(pid) != os.getpid():
        try:
            protect(pid, b"1000")
        except OSError:
            pass
rows = []
while True:
    rows.append(bytearray(2**25))

TRAINS
