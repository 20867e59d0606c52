import keras as k
from keras.layers import Convolution2D

m = k.models.Sequential()
m.add(Convolution2D(8, 3, 3, border_mode="same", input_shape=(1, 28, 28)))
m.add(k.layers.Flatten())
m.add(k.layers.Dense(10))
m.compile("sgd", "categorical_crossentropy")
m.fit(xs, ys, nb_epoch=3)
