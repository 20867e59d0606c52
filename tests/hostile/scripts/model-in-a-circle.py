TRAINS
import atexit


@atexit.register
def last():
    import json

    shutil.rmtree("/trial/model")
    os.symlink("/trial/model", "/trial/model")
    m = json.load(open("/trial/metrics.json"))
    m["model"] = "model/" + "x" * 5000
    json.dump(m, open("/trial/metrics.json", "w"))
