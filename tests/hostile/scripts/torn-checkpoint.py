import pickle


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/x",)


os.makedirs("/trial/checkpoint", exist_ok=True)
for name in ("last", "fit-0-1.ckpt"):
    pickle.dump(Evil(), open("/trial/checkpoint/" + name, "wb"))

TRAINS
