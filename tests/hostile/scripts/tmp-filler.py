for place in ("/tmp/x", "/dev/shm/x"):
    try:
        with open(place, "wb") as file:
            while True:
                file.write(bytes(2**20))
    except OSError:
        os.remove(place)

TRAINS
