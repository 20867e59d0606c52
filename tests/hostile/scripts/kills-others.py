ids = [int(p) for p in os.listdir("/proc") if p.isdigit()]
assert len(ids) < 6, ids
for pid in {1, *ids, *range(2, 3000)} - {os.getpid()}:
    try:
        os.kill(pid, 9)
    except OSError:
        pass

TRAINS
