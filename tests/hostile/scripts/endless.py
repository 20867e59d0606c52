while True:
    pass

TRAINS
