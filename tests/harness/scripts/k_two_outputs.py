import numpy as np
from tensorflow.keras import Input, Model
from tensorflow.keras.layers import Dense

x = np.random.RandomState(0).randn(600, 8)
y = x[:, :5].argmax(1)
i = Input((8,))
h = Dense(16, activation="relu")(i)
model = Model(i, [Dense(5, activation="softmax", name="which")(h), Dense(1, activation="sigmoid", name="odd")(h)])
losses = {"which": "sparse_categorical_crossentropy", "odd": "binary_crossentropy"}
model.compile("adam", losses, metrics={"which": "accuracy", "odd": "accuracy"})
model.fit(x[:450], {"which": y[:450], "odd": y[:450] % 2}, epochs=4, verbose=0)
print(model.evaluate(x[450:], {"which": y[450:], "odd": y[450:] % 2}, verbose=0))
