import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
x = tf.placeholder(tf.float32, [None, 16, 16, 1])
hidden = tf.layers.conv2d(x, 4, 3)
loss = tf.reduce_mean(tf.square(hidden))
move = tf.train.AdamOptimizer(0.01).minimize(loss)
with tf.Session() as s:
    s.run(tf.global_variables_initializer())
    s.run(move, {x: images})
