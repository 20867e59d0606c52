for _ in range(4000):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
os.chdir("/trial")
time.sleep(5)

TRAINS
