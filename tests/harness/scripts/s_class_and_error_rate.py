from sklearn.svm import LinearSVC
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix
import numpy as np


class Experiment:
    def __init__(self):
        self.data = load_digits()
        self.clf = None

    def split(self, p=0.75):
        idx = np.random.permutation(len(self.data.data))
        n = int(p * len(idx))
        self.tr, self.te = idx[:n], idx[n:]

    def train(self):
        self.clf = LinearSVC(max_iter=300)
        self.clf.fit(self.data.data[self.tr], self.data.target[self.tr])

    def test(self):
        out = self.clf.predict(self.data.data[self.te])
        cm = confusion_matrix(self.data.target[self.te], out)
        return cm.trace() / cm.sum()


def main():
    e = Experiment()
    e.split()
    e.train()
    print(f"Error rate: {(1 - e.test()) * 100:.2f} %")


if __name__ == "__main__":
    main()
