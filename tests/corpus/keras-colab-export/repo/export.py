# -*- coding: utf-8 -*-
!pip install -q tensorflow
%matplotlib inline
import tensorflow as tf

!unzip data.zip
net = tf.keras.Sequential([tf.keras.layers.Dense(3)])
net.compile(loss="mse")
net.fit(x, y)
