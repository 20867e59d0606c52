import keras_tuner
import keras

def build(hp):
    net = keras.Sequential([keras.layers.Conv2D(hp.Int("filters", 8, 64), 3), keras.layers.Flatten(), keras.layers.Dense(10)])
    net.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return net

tuner = keras_tuner.RandomSearch(build, objective="val_loss", max_trials=4)
tuner.search(x, y, epochs=2, validation_split=0.2)
