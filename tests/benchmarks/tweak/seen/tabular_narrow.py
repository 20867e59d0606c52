from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
import keras
from keras.layers import Dense, Input

X, y = make_classification(
    2000,
    20,
    n_informative=12,
    n_redundant=4,
    n_classes=5,
    n_clusters_per_class=1,
    class_sep=1.6,
    random_state=5,
)
xt, xe, yt, ye = train_test_split(X, y, test_size=0.25, random_state=0)
m = keras.Sequential([Input((20,)), Dense(4, activation="relu"), Dense(5, activation="softmax")])
m.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
m.fit(xt, yt, epochs=10, validation_split=0.1, verbose=0)
print(m.evaluate(xe, ye, verbose=0))
