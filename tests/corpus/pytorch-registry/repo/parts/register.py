KNOWN = {}

def known(cls):
    KNOWN[cls.__name__] = cls
    return cls
