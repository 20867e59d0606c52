import numpy as np
import keras


class Rows(keras.utils.PyDataset):
    def __init__(self, x, y, size=40):
        super().__init__()
        self.x, self.y, self.size = x, y, size

    def __len__(self):
        return len(self.x) // self.size

    def __getitem__(self, i):
        rows = slice(i * self.size, (i + 1) * self.size)
        return self.x[rows], self.y[rows]


rng = np.random.RandomState(0)
x = rng.randn(600, 8).astype("float32")
y = x[:, :4].argmax(axis=1)
model = keras.Sequential(
    [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(4, activation="softmax")]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(Rows(x[:400], y[:400]), epochs=15, validation_data=Rows(x[400:], y[400:]), verbose=0)
