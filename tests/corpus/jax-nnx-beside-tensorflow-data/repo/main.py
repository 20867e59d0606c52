from absl import app
import tensorflow as tf

import train


def main(argv):
    tf.config.experimental.set_visible_devices([], "GPU")
    train.train_and_evaluate(epochs=5)


if __name__ == "__main__":
    app.run(main)
