# Predict which of four customer groups answers the mailing, from twelve survey figures.
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from tensorflow import keras

data = pd.read_csv("survey.csv")
X = data.drop(columns="group").to_numpy(dtype="float32")
y = data["group"].to_numpy()

X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=1, stratify=y)
scaler = StandardScaler().fit(X_train)
X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)

model = keras.models.Sequential()
model.add(keras.layers.Input(shape=(X_train.shape[1],)))
model.add(keras.layers.Dense(16, activation="relu"))
model.add(keras.layers.Dense(4, activation="softmax"))
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])

model.fit(X_train, y_train, validation_split=0.2, epochs=10, batch_size=32, verbose=2)

loss, acc = model.evaluate(X_test, y_test, verbose=0)
print("test accuracy", np.round(acc, 3))
