TRAINS
import atexit


@atexit.register
def last():
    import json

    m = json.load(open("/trial/metrics.json"))
    m["model"] = "model/a\0b"
    json.dump(m, open("/trial/metrics.json", "w"))
