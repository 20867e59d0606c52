import tensorflow as tf

class Tiny(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.filters = tf.keras.layers.Conv2D(6, 3)
        self.out = tf.keras.layers.Dense(4)

    def call(self, batch):
        return self.out(tf.reshape(self.filters(batch), (8, -1)))

net, opt = Tiny(), tf.keras.optimizers.SGD(0.1)

@tf.function
def step(batch, wanted):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((net(batch) - wanted) ** 2)
    opt.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))

for batch, wanted in batches:
    step(batch, wanted)
