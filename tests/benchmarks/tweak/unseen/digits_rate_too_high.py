from sklearn import datasets
from sklearn.model_selection import train_test_split
from tensorflow.keras.models import Model
from tensorflow.keras.layers import Input, Dense, Dropout
from tensorflow.keras.optimizers import Adam

data = datasets.load_digits()
X_train, X_test, y_train, y_test = train_test_split(
    data.data / 16.0, data.target, test_size=0.2, random_state=33
)
inp = Input(shape=(64,))
h = Dense(64, activation="relu")(inp)
h = Dropout(0.1)(h)
h = Dense(32, activation="relu")(h)
out = Dense(10, activation="softmax")(h)
model = Model(inp, out)
model.compile(optimizer=Adam(learning_rate=0.3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(X_train, y_train, epochs=15, validation_split=0.1)
print("final:", model.evaluate(X_test, y_test))
