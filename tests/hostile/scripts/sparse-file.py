must_fail("terabyte", lambda: os.truncate(os.open("/trial/x", os.O_CREAT | os.O_RDWR), 2**40))

TRAINS
