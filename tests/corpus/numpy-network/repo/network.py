import numpy as np

class Network:
    """Layers of sigmoid neurons, trained by backpropagation."""

    def __init__(self, sizes):
        self.weights = [np.random.randn(b, a) for a, b in zip(sizes, sizes[1:])]
        self.biases = [np.random.randn(b, 1) for b in sizes[1:]]

    def descend(self, pairs, rounds, rate):
        for _ in range(rounds):
            for x, y in pairs:
                slopes_b, slopes_w = self.backprop(x, y)
                self.weights = [w - rate * s for w, s in zip(self.weights, slopes_w)]
                self.biases = [b - rate * s for b, s in zip(self.biases, slopes_b)]

    def backprop(self, x, y):
        hidden = [x]
        return self.biases, self.weights
