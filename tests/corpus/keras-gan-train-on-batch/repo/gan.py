from tensorflow.keras.layers import Conv2D, Conv2DTranspose, Dense, Flatten, Reshape
from tensorflow.keras.models import Sequential

class Forger:
    def __init__(self):
        self.judge = Sequential([Conv2D(16, 3), Flatten(), Dense(1)])
        self.judge.compile("adam", "binary_crossentropy")
        self.painter = Sequential([Dense(49), Reshape((7, 7, 1)), Conv2DTranspose(1, 3)])
        self.both = Sequential([self.painter, self.judge])
        self.both.compile("adam", "binary_crossentropy")

    def train(self, rounds):
        for _ in range(rounds):
            self.judge.train_on_batch(real, ones)
            self.both.train_on_batch(noise, ones)

if __name__ == "__main__":
    Forger().train(2000)
