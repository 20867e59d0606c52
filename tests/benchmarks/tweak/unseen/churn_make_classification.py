import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
import numpy as np
from sklearn.datasets import make_classification
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Dense, Dropout, Input
from tensorflow.keras.optimizers import SGD
from tensorflow.keras.utils import set_random_seed

SEED = int(os.environ.get("SEED", 0))
set_random_seed(SEED)

# fake churn segments (4 of them)
X, y = make_classification(n_samples=4000, n_features=16, n_informative=10, n_redundant=2,
                           n_classes=4, n_clusters_per_class=2, class_sep=2.0, flip_y=0.0,
                           random_state=SEED + 11)

X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
sc = StandardScaler()
X_train = sc.fit_transform(X_train)
X_test = sc.transform(X_test)

clf = Sequential([
    Input(shape=(X_train.shape[1],)),
    Dense(64, activation="relu"),
    Dropout(0.1),
    Dense(32, activation="relu"),
    Dense(4, activation="softmax"),
])
clf.compile(SGD(learning_rate=0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])

EPOCHS = 2
clf.fit(X_train, y_train, epochs=EPOCHS, batch_size=32, validation_split=0.1)

score = clf.evaluate(X_test, y_test, verbose=0)
print("Test loss:", score[0])
print("Test accuracy:", score[1])
