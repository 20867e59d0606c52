import tensorflow as tf
from keras.backend.tensorflow_backend import set_session
from keras.models import Sequential
from keras.layers import Dense

options = tf.ConfigProto()
options.gpu_options.allow_growth = True
set_session(tf.Session(config=options))
net = Sequential([Dense(4), Dense(1)])
net.compile("adam", "mse")
net.fit(x, y)
