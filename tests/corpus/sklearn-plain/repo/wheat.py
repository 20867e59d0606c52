import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

table = pd.read_csv("wheat.csv")
a, b, c, d = train_test_split(table.drop(columns="kind"), table["kind"])
forest = RandomForestClassifier(n_estimators=80).fit(a, c)
print(accuracy_score(d, forest.predict(b)))
