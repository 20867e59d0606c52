with open("/trial/x", "wb") as file:
    while True:
        file.write(bytes(2**20))

TRAINS
