import keras
from keras import layers
from sklearn.datasets import make_classification

X, y = make_classification(900, 12, n_informative=8, n_classes=3, random_state=3)
hidden = [4, 6]
net = keras.models.Sequential()
net.add(keras.Input(shape=(12,)))
for units in hidden:
    net.add(layers.Dense(units, activation="tanh"))
net.add(layers.Dense(3, activation="softmax"))
cb = [keras.callbacks.EarlyStopping(monitor="val_loss", patience=2)]
net.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
net.fit(X[:600], y[:600], epochs=3, validation_split=0.25, callbacks=cb, verbose=2)
print("acc", net.evaluate(X[600:], y[600:])[1])
