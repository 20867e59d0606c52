must_fail("link", lambda: "root:" in open("passwd").read())
must_fail("folder", lambda: os.listdir("up"))

TRAINS
