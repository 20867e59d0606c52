import tensorflow as tf
from sklearn.ensemble import ExtraTreesClassifier

(x, y), (xt, yt) = tf.keras.datasets.fashion_mnist.load_data()
trees = ExtraTreesClassifier()
trees.fit(x.reshape(len(x), -1), y)
print(trees.score(xt.reshape(len(xt), -1), yt))
