for host in ("169.254.169.254", "169.254.170.2", "100.100.100.200"):
    must_fail(host, lambda: socket.create_connection((host, 80), 2))
must_fail("name", lambda: socket.gethostbyname("metadata.google.internal"))

TRAINS
