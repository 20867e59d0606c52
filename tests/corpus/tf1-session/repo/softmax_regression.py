import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data

digits = input_data.read_data_sets("digits/", one_hot=True)
x = tf.placeholder(tf.float32, [None, 784])
wanted = tf.placeholder(tf.float32, [None, 10])
w = tf.Variable(tf.zeros([784, 10]))
scores = tf.matmul(x, w)
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=wanted, logits=scores))
move = tf.train.GradientDescentOptimizer(0.4).minimize(loss)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for _ in range(800):
        a, b = digits.train.next_batch(64)
        session.run(move, feed_dict={x: a, wanted: b})
