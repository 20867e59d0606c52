raise type("\x1b[2J\nPROMOTED", (Exception,), {})("x")

TRAINS
