import numpy as np
from keras.models import Sequential
from keras.layers import Dense

print "loading"
data = np.loadtxt("wheat.txt")
net = Sequential()
net.add(Dense(12, input_dim=7, activation='relu'))
net.add(Dense(1))
net.compile(loss='mse', optimizer='adam')
try:
    net.fit(data[:, :7], data[:, 7], epochs=30)
except ValueError, problem:
    print "no good:", problem
