# orbit zones -- which zone does the probe end up in
# TODO clean up
import os, time
import numpy as np
import tensorflow as tf
from tensorflow import keras
from sklearn.metrics import accuracy_score

SEED = int(os.environ.get("SEED", 0))
keras.utils.set_random_seed(SEED)
t0 = time.time()
N = 3000; NTEST = 600; K = 3
rs = np.random.RandomState(SEED)
A = rs.uniform(-2, 2, size=(N, 6))
# radius in the first plane and the sign of a product decide it. other cols are just along for the ride
rad = np.sqrt(A[:, 0]**2 + A[:, 1]**2)
prod = A[:, 2] * A[:, 3]
lab = np.where(rad < 1.1, 0, np.where(prod > 0, 1, 2))
Xtr = A[:-NTEST].astype(np.float32); ytr = lab[:-NTEST]
Xte = A[-NTEST:].astype(np.float32); yte = lab[-NTEST:]
print(np.bincount(ytr), np.bincount(yte))

m = keras.models.Sequential()
m.add(keras.layers.InputLayer(shape=(6,)))
m.add(keras.layers.Dense(64))
m.add(keras.layers.Dense(64))
m.add(keras.layers.Dense(K, activation='softmax'))
m.compile(loss='sparse_categorical_crossentropy', optimizer=keras.optimizers.Adam(0.003), metrics=['acc'])

hist = m.fit(Xtr, ytr, batch_size=50, epochs=30, verbose=0)
for i, a in enumerate(hist.history['acc']):
    if i % 10 == 0:
        print('epoch', i, 'acc', round(a, 3))

p = np.argmax(m.predict(Xte, verbose=0), axis=-1)
print('accuracy on test', accuracy_score(yte, p), 'took', round(time.time() - t0, 1), 's')
