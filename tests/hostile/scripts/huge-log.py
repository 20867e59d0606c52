for _ in range(200):
    sys.stdout.write("x" * 2**20 + "\n")

TRAINS
