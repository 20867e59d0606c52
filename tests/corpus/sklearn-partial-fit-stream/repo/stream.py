from sklearn.linear_model import SGDClassifier

def pieces(path):
    for line in open(path):
        yield [float(v) for v in line.split(",")]

learner = SGDClassifier(loss="log_loss")
for row in pieces("clicks.csv"):
    learner.partial_fit([row[:-1]], [row[-1]], classes=[0, 1])
