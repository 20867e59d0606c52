import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
x = rng.randn(600, 8).astype("float32")
y = x[:, :4].argmax(axis=1)
train = tf.data.Dataset.from_tensor_slices((x[:400], y[:400])).shuffle(400).batch(32).prefetch(2)
test = tf.data.Dataset.from_tensor_slices((x[400:], y[400:])).batch(32)

model = tf.keras.Sequential([tf.keras.layers.Dense(32, activation="relu"), tf.keras.layers.Dense(4)])
model.compile("adam", tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(train, epochs=12, verbose=0)
model.evaluate(test, verbose=0)
