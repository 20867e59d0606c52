signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

TRAINS
