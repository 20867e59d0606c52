TRAINS
import atexit


@atexit.register
def last():
    open("/trial/metrics.json", "w").write("[" * 1000000)
    open("/trial/history.csv", "w").write("a," * 20000000)
