for path in ("/etc/passwd", "/src/train.py", "/opt/venv/bin/python"):
    must_fail(path, lambda: os.link(path, "/trial/linked"))

TRAINS
