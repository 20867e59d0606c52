# who gets the loan? (made-up bank data)
import numpy as np
from sklearn.model_selection import train_test_split
from keras.models import Sequential
from keras.layers import Dense, Input

r = np.random.RandomState(3)
n = 1600
income = r.normal(42000, 14000, n).clip(6000)
age = r.randint(18, 80, n)
debt = r.exponential(9000, n)
years = r.randint(0, 30, n)
cards = r.randint(0, 7, n)
score = (income - 38000) / 14000 - 1.1 * (debt - 9000) / 9000 + 0.05 * years - 0.2 * np.abs(age - 45) / 15
loan = (score + r.normal(0, 0.08, n) > 0).astype(int)
X = np.column_stack([income, age, debt, years, cards])

X_tr, X_te, y_tr, y_te = train_test_split(X, loan, test_size=0.3, random_state=9)
model = Sequential(
    [Input((5,)), Dense(12, activation="relu"), Dense(6, activation="relu"), Dense(1, activation="sigmoid")]
)
model.compile(loss="binary_crossentropy", optimizer="sgd", metrics=["accuracy"])
model.fit(X_tr, y_tr, epochs=20, batch_size=32, validation_split=0.2)
scores = model.evaluate(X_te, y_te)
print("%s: %.2f%%" % ("accuracy", scores[1] * 100))
