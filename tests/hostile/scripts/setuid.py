shutil.copy("/bin/sh", "/trial/sh")
os.chmod("/trial/sh", 0o6755)
must_fail("root", lambda: subprocess.run(["/bin/su", "-c", "id"], check=True, stdin=-3))
must_fail("setuid", lambda: os.setuid(0))

TRAINS
