from csv import reader
from random import random

def guess(row, weights):
    return 1 if sum(w * v for w, v in zip(weights, row)) >= 0 else 0

def learn(rows, rate, rounds):
    weights = [random() for _ in rows[0]]
    for _ in range(rounds):
        for row in rows:
            error = row[-1] - guess(row, weights)
            for i in range(len(row) - 1):
                weights[i] = weights[i] + rate * error * row[i]
    return weights

def assess(rows, algorithm, *settings):
    return algorithm(rows, *settings)

print(assess([[float(v) for v in r] for r in reader(open("mines.csv"))], learn, 0.01, 400))
