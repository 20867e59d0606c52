os.kill(1, signal.SIGTERM)
time.sleep(60)

TRAINS
