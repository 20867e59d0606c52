# Estimate a salary from experience, education, role, city and weekly hours.
import joblib
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import train_test_split

df = pd.read_csv("salaries.csv")
X = pd.get_dummies(df.drop(columns="salary"))
y = df["salary"]

X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=0)

model = RandomForestRegressor(n_estimators=50, max_depth=3)
model.fit(X_train, y_train)

predicted = model.predict(X_test)
print("MAE: %.0f" % mean_absolute_error(y_test, predicted))
print("R2:  %.3f" % r2_score(y_test, predicted))

joblib.dump(model, "salary.joblib")
