TRAINS
import atexit


@atexit.register
def last():
    import json, pickle

    class Evil:
        def __reduce__(self):
            return os.system, ("touch CANARY",)

    for path in glob.glob("/trial/model/*.skops"):
        os.remove(path)
    pickle.dump(Evil(), open("/trial/model/model.pickle", "wb"))
    m = json.load(open("/trial/metrics.json"))
    m["model"] = "model/model.pickle"
    json.dump(m, open("/trial/metrics.json", "w"))
