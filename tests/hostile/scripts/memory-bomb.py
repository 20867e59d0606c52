rows = []
while True:
    rows.append(bytearray(2**25))

TRAINS
