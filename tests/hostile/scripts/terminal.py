sys.stdout.buffer.write(b"\x1b[2J\x1b]0;owned\x07\x9b31m\xc2\x9b31m\x00\x08\xe2\x80\xae\n" * 10)
raise ValueError("\x1b[31m\u202e\x9b2J")

TRAINS
