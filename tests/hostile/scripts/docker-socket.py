def sockets():
    found = [
        p
        for top in ("/var", "/run", "/tmp", "/trial", "/src")
        for p in glob.glob(top + "/**/*.sock", recursive=True)
    ]
    return found or False


must_fail("socket", sockets)
for host in ("172.17.0.1", "127.0.0.1"):
    must_fail(host, lambda: socket.create_connection((host, 2375), 2))

TRAINS
