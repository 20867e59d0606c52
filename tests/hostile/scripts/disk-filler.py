n = 0
while True:
    n += 1
    with open(f"/trial/{n}", "wb") as file:
        file.write(bytes(2**22))

TRAINS
