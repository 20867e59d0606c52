"""Loan risk bands. Columns straight from the warehouse export (income in cents, rates as fractions...)."""
import os
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers
from sklearn.model_selection import train_test_split
from sklearn.metrics import classification_report, accuracy_score

SEED = int(os.environ.get("SEED", 0))
keras.utils.set_random_seed(SEED)
rng = np.random.default_rng(SEED + 100)

n = 3000
income_cents = rng.lognormal(np.log(4.2e6), 0.35, n)
rate = rng.uniform(0.01, 0.12, n)
age = rng.uniform(20, 75, n)
utilisation = rng.beta(2, 2, n)
balance = rng.normal(12000, 5000, n)
late_frac = rng.beta(1.5, 4, n)
months_open = rng.integers(1, 240, n).astype(float)

risk = (1.6 * (rate - 0.065) / 0.032 + 1.3 * (utilisation - 0.5) / 0.22
        + 1.4 * (late_frac - 0.27) / 0.17 - 0.8 * (np.log(income_cents) - np.log(4.2e6)) / 0.35)
risk = risk + 0.5 * ((utilisation - 0.5) / 0.22) * ((late_frac - 0.27) / 0.17)
y = np.digitize(risk, np.quantile(risk, [0.33, 0.67]))
X = np.column_stack([income_cents, rate, age, utilisation, balance, late_frac, months_open]).astype("float32")

X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=500, random_state=SEED)

inputs = keras.Input(shape=(X.shape[1],))
deep = layers.Dense(64, activation="relu")(inputs)
deep = layers.Dense(32, activation="relu")(deep)
wide = layers.Dense(8)(inputs)
merged = layers.concatenate([deep, wide])
outputs = layers.Dense(3, activation="softmax")(merged)
model = keras.Model(inputs, outputs)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(X_train, y_train, epochs=40, batch_size=32, validation_split=0.1, verbose=0)

y_hat = model.predict(X_test, verbose=0).argmax(1)
print(classification_report(y_test, y_hat, zero_division=0))
print("Accuracy:", accuracy_score(y_test, y_hat))
