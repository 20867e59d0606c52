import gzip

def read_digits(path):
    return list(gzip.open(path))
