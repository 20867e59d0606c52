import pandas as pd
import numpy as np
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.metrics import accuracy_score
import keras

X, y = make_classification(
    n_samples=1800,
    n_features=16,
    n_informative=11,
    n_redundant=2,
    n_classes=7,
    n_clusters_per_class=1,
    class_sep=1.9,
    random_state=77,
)
df = pd.DataFrame(X, columns=[f"f{i}" for i in range(16)])
df["label"] = y
train, test = train_test_split(df, test_size=0.25, random_state=1)
sc = StandardScaler().fit(train.drop(columns="label"))
a, b = sc.transform(train.drop(columns="label")), sc.transform(test.drop(columns="label"))

net = keras.Sequential()
net.add(keras.layers.Input((16,)))
net.add(keras.layers.Dense(3, activation="relu"))
net.add(keras.layers.Dense(7, activation="softmax"))
net.compile(loss="sparse_categorical_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
net.fit(a, train["label"].values, epochs=15, batch_size=50, validation_split=0.15, verbose=0)
pred = net.predict(b).argmax(axis=1)
print("accuracy is", accuracy_score(test["label"], pred))
