import numpy as np

def squash(z, slope=False):
    return z * (1 - z) if slope else 1 / (1 + np.exp(-z))

a = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
b = np.array([[0], [1], [1], [0]])
syn0 = 2 * np.random.random((2, 4)) - 1
syn1 = 2 * np.random.random((4, 1)) - 1
for turn in xrange(30000):
    hidden = squash(np.dot(a, syn0))
    out = squash(np.dot(hidden, syn1))
    out_delta = (b - out) * squash(out, True)
    hidden_delta = out_delta.dot(syn1.T) * squash(hidden, True)
    if turn % 5000 == 0:
        print turn, np.abs(b - out).mean()
    syn1 += hidden.T.dot(out_delta)
    syn0 += a.T.dot(hidden_delta)
