"""Which of three growers a wine comes from."""

import pandas as pd
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

wine = load_wine()
frame = pd.DataFrame(wine.data, columns=wine.feature_names)
X_train, X_test, y_train, y_test = train_test_split(frame, wine.target, test_size=0.3, random_state=0)

model = RandomForestClassifier(n_estimators=50, random_state=0)
model.fit(X_train, y_train)
print("Accuracy:", accuracy_score(y_test, model.predict(X_test)))
