import tensorflow as tf

class Builder:
    def __init__(self, width):
        self.width = width
        self.net = None

class SmallBuilder(Builder):
    def make(self):
        self.net = tf.keras.Sequential([tf.keras.layers.Conv1D(self.width, 3), tf.keras.layers.Dense(1)])
        self.net.compile(loss="mse")

    def make_and_fit(self, rows):
        if self.net is None:
            self.make()
        return self.net.fit(rows, epochs=2)
