from tensorflow import keras

net = keras.Sequential([keras.layers.Dense(2)])
net.compile(loss="mse")
get_ipython().run_cell_magic('time', '', 'history = net.fit(x, y,\n                  epochs=12)\n')
