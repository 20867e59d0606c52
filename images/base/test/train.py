"""A perceptron in plain Python on two clouds of points."""

import random

random.seed(1)


def points(n, centre, label):
    return [((random.gauss(centre, 1.0), random.gauss(centre, 1.0)), label) for _ in range(n)]


data = points(200, -1.5, 0) + points(200, 1.5, 1)
random.shuffle(data)
train, test = data[:300], data[300:]

w, b = [0.0, 0.0], 0.0
for epoch in range(20):
    for (x, y), label in train:
        predicted = int(w[0] * x + w[1] * y + b > 0)
        step = 0.1 * (label - predicted)
        w, b = [w[0] + step * x, w[1] + step * y], b + step

right = sum(int(w[0] * x + w[1] * y + b > 0) == label for (x, y), label in test)
print(f"Test accuracy: {right / len(test):.4f}")
