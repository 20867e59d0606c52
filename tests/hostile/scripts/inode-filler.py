n = 0
while True:
    n += 1
    open(f"/trial/{n}", "w").close()

TRAINS
