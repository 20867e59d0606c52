import pandas as pd
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import LabelEncoder, StandardScaler

iris = load_iris(as_frame=True)
table = iris.data.assign(species=[iris.target_names[one] for one in iris.target])
table.to_csv("iris.csv", index=False)


class Trainer:
    def __init__(self, path):
        self.table = pd.read_csv(path)

    def prepare(self):
        x = self.table.drop("species", axis=1)
        y = LabelEncoder().fit_transform(self.table.species)
        parts = train_test_split(x, y, test_size=0.3, stratify=y, random_state=3)
        self.x_train, self.x_test, self.y_train, self.y_test = parts
        self.scaler = StandardScaler().fit(self.x_train)

    def train(self):
        rows = self.scaler.transform(self.x_train)
        self.model = KNeighborsClassifier(5)
        self.model.fit(rows, self.y_train)
        print("Training Accuracy: %.1f %%" % (100 * self.model.score(rows, self.y_train)))

    def test(self):
        predicted = self.model.predict(self.scaler.transform(self.x_test))
        print(confusion_matrix(self.y_test, predicted))
        print("Accuracy: %.1f %%" % (100 * accuracy_score(self.y_test, predicted)))


trainer = Trainer("iris.csv")
trainer.prepare()
trainer.train()
trainer.test()
