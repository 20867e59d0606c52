# digits with a too small cnn
from sklearn.datasets import load_digits
from tensorflow.keras.layers import Conv2D, Dense, Flatten, MaxPooling2D
from tensorflow.keras.models import Sequential

EPOCHS = 3
d = load_digits()
X = d.images.reshape(-1,8,8,1)/16.
Y = d.target
n_train = 1200
x_train = X[:n_train]; y_train = Y[:n_train]
x_test = X[n_train:]; y_test = Y[n_train:]

model = Sequential()
model.add(Conv2D(2, kernel_size=(3,3),
                 activation='relu',
                 input_shape=(8,8,1)))
model.add(MaxPooling2D(pool_size=(2, 2)))   # pooling
model.add(Flatten())
model.add(Dense(8, activation='sigmoid'))
# model.add(Dropout(0.5))
model.add(Dense(10, activation='softmax'))

model.compile(loss='sparse_categorical_crossentropy', optimizer='sgd', metrics=['accuracy'])
history = model.fit(x_train, y_train, batch_size=128, epochs=EPOCHS, verbose=0, validation_split=0.2)
score = model.evaluate(x_test, y_test, verbose=0)
print('Test loss:', score[0]); print('Test accuracy:', score[1])
