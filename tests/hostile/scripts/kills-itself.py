os.kill(os.getpid(), signal.SIGKILL)

TRAINS
