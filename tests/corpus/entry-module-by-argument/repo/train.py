import importlib
import sys

builder = importlib.import_module("nets." + sys.argv[1])
net = builder.build()
net.fit(x, y, epochs=3)
