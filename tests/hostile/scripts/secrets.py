def secret():
    texts = [
        open(p, errors="replace").read()
        for p in glob.glob("/proc/*/environ")
        + glob.glob("/proc/*/cmdline")
        + glob.glob("/run/**/*", recursive=True)
        + ["/etc/hosts", "/etc/resolv.conf"]
        if os.path.isfile(p) and os.access(p, os.R_OK)
    ]
    return "canary-of-the-host" in " ".join(texts)


must_fail("secret", secret)
must_fail("shadow", lambda: open("/etc/shadow").read())

TRAINS
