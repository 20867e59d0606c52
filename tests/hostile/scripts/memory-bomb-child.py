code = "x = []\nwhile True: x.append(bytearray(2**25))"
subprocess.run([sys.executable, "-c", code], check=True)

TRAINS
