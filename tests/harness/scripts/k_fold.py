import keras
import numpy as np
from sklearn.model_selection import KFold

rng = np.random.RandomState(0)
x = rng.randn(450, 8).astype("float32")
y = x[:, :3].argmax(axis=1)
scores = []
for train, test in KFold(n_splits=3, shuffle=True, random_state=1).split(x):
    model = keras.Sequential(
        [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(3, activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[train], y[train], epochs=8, verbose=0)
    scores.append(model.evaluate(x[test], y[test], verbose=0)[1])
print("mean accuracy: %.2f%% (+/- %.2f%%)" % (100 * np.mean(scores), 100 * np.std(scores)))
